import type { Image } from './engine.ts'

/** Images and the names that point at them. Both colors of a group share one image name. */
export class Images {
  /** `<name>@<commit>` → image. */
  readonly ofRelease = new Map<string, Image>()
  /** Moving tag of each service: `:blue`, `:green`, `:current`. */
  readonly current = new Map<string, Image>()
  /** Operation → images kept for it. */
  readonly kept = new Map<string, Set<Image>>()
  readonly #nameOf: (service: string) => string

  constructor(nameOf: (service: string) => string) {
    this.#nameOf = nameOf
  }

  get(service: string, commit: string): Image | undefined {
    return this.ofRelease.get(this.#key(service, commit))
  }

  name(service: string, commit: string, image: Image): void {
    this.ofRelease.set(this.#key(service, commit), image)
  }

  keep(operation: string, image: Image): void {
    this.kept.set(operation, (this.kept.get(operation) ?? new Set()).add(image))
  }

  prune(commits: ReadonlySet<string>, operations: ReadonlySet<string>): void {
    for (const key of this.ofRelease.keys()) if (!commits.has(key.slice(key.indexOf('@') + 1))) this.ofRelease.delete(key)
    for (const operation of this.kept.keys()) if (!operations.has(operation)) this.kept.delete(operation)
  }

  #key(service: string, commit: string): string {
    return `${this.#nameOf(service)}@${commit}`
  }
}
