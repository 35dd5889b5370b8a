import { UpdaterError } from '../../../src/rollout/errors.ts'
import type { Image } from './engine.ts'

/** Images and the names that point at them. Both colors of a group share one image name. */
export class Images {
  /** `<name>@<commit>` → image. */
  readonly ofRelease = new Map<string, Image>()
  /** Moving tag of each service: `:blue`, `:green`, `:current`. */
  readonly current = new Map<string, Image>()
  /** Operation → images kept for it, by service. */
  readonly kept = new Map<string, Map<string, Image>>()
  /** What an operator has named, by name and tag. */
  readonly byHand = new Map<string, Image>()
  /** Names of images that cannot be removed. */
  readonly #stuck = new Set<string>()
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

  keep(operation: string, service: string, image: Image): void {
    this.kept.set(operation, (this.kept.get(operation) ?? new Map<string, Image>()).set(service, image))
  }

  /** `docker image rm <name>:<commit>`: this one name goes, and the image with its last name. */
  untag(service: string, commit: string): void {
    this.ofRelease.delete(this.#key(service, commit))
  }

  /** `docker image rm --force <id>`: every name of it goes. */
  forget(image: Image): void {
    for (const [name, named] of this.ofRelease) if (named === image) this.ofRelease.delete(name)
    for (const [service, named] of this.current) if (named === image) this.current.delete(service)
    for (const [name, named] of this.byHand) if (named === image) this.byHand.delete(name)
    for (const images of this.kept.values()) for (const [service, kept] of images) if (kept === image) images.delete(service)
  }

  /** Every image that has a name. */
  named(): Set<Image> {
    return new Set([...this.ofRelease.values(), ...this.current.values(), ...this.byHand.values(), ...[...this.kept.values()].flatMap((images) => [...images.values()])])
  }

  /** Commits of the releases that there are images of. */
  commits(): Set<string> {
    return new Set([...this.ofRelease.keys()].map(commitIn))
  }

  /** What is there now and is of none of these commits, by its names. */
  unneeded(commits: ReadonlySet<string>): { readonly names: readonly string[]; readonly operations: readonly string[] } {
    return {
      names: [...this.ofRelease.keys()].filter((name) => !commits.has(commitIn(name))),
      operations: [...this.kept.keys()],
    }
  }

  prune({ names, operations }: ReturnType<Images['unneeded']>): void {
    const stuck = names.filter((name) => this.#stuck.has(name))
    for (const name of names) if (!stuck.includes(name)) this.ofRelease.delete(name)
    for (const operation of operations) this.kept.delete(operation)
    if (stuck.length > 0) throw new UpdaterError('engine_failed', `${stuck.length} image${stuck.length === 1 ? '' : 's'} could not be removed: ${stuck.join(', ')}.`)
  }

  /** Until `unstick` this image cannot be removed. */
  stick(service: string, commit: string): void {
    this.#stuck.add(this.#key(service, commit))
  }

  unstick(service: string, commit: string): void {
    this.#stuck.delete(this.#key(service, commit))
  }

  #key(service: string, commit: string): string {
    return `${this.#nameOf(service)}@${commit}`
  }
}

function commitIn(name: string): string {
  return name.slice(name.indexOf('@') + 1)
}
