import { internalEntryPoint } from '../../../src/rollout/stamp.ts'
import type { Color } from '../../../src/rollout/topology.ts'
import { readText } from './routes-text.ts'
import type { VirtualTime } from './virtual-time.ts'

/** What one entry point does now. */
export interface InForce {
  readonly active: Color
  /** Stamp; null in the predecessor's plain form, which has no previews either. */
  readonly generation: string | null
}

/** Traefik: follows the routes file after a while, each entry point in its own time. */
export class Traefik {
  /** The live file; null when there is none. */
  file: string | null = null
  /** Answers nothing. */
  down = false
  readonly #entryPoints = new Map<string, InForce | null>()
  readonly #leftAt = new Map<Color, number>()
  readonly #time: VirtualTime
  #follows = true

  constructor(time: VirtualTime, entryPoints: readonly string[]) {
    this.#time = time
    for (const name of entryPoints) this.#entryPoints.set(name, null)
  }

  /** The file was replaced. */
  replaced(text: string | null): void {
    this.file = text
    let delay = 30
    for (const name of this.#entryPoints.keys()) {
      this.#time.after(delay, () => this.#follow(name))
      delay += 25
    }
  }

  /** Reads the file on all entry points at once, as at its own start. */
  readNow(): void {
    for (const name of this.#entryPoints.keys()) this.#follow(name)
  }

  /** Stops following the file, or follows it again. */
  set follows(follows: boolean) {
    this.#follows = follows
    if (follows) this.replaced(this.file)
  }

  at(entryPoint: string): InForce | null {
    const found = this.#entryPoints.get(entryPoint)
    if (found === undefined) throw new Error(`Traefik has no entry point ${entryPoint}`)
    return found
  }

  /** Whether a request could be led to this color now or by what lies on the disk. */
  mayUse(color: Color, publicEntryPoints: readonly string[]): boolean {
    if (publicEntryPoints.some((name) => this.at(name)?.active === color)) return true
    return this.file !== null && readText(this.file)?.active === color
  }

  /** Since when no entry point has led to this color; null when none ever did. */
  leftAt(color: Color): number | null {
    return this.#leftAt.get(color) ?? null
  }

  #follow(name: string): void {
    if (!this.#follows || this.file === null) return
    const read = readText(this.file)
    if (read === null) return
    const before = this.#entryPoints.get(name)
    if (before && before.active !== read.active && name !== internalEntryPoint) this.#leftAt.set(before.active, this.#time.now)
    this.#entryPoints.set(name, { active: read.active, generation: read.generation })
  }
}
