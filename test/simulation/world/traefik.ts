import { internalEntryPoint } from '../../../src/rollout/stamp.ts'
import type { Color } from '../../../src/rollout/topology.ts'
import type { Disk } from './disk.ts'
import { readBytes, type RoutesText } from './routes-text.ts'
import { places } from './state-directory.ts'
import type { VirtualTime } from './virtual-time.ts'

/** What one entry point does now. */
export interface InForce {
  /** Color that it leads to; null when to none. */
  readonly active: Color | null
  /** Stamp; null in the predecessor's plain form, which has no previews either. */
  readonly generation: string | null
}

/** Traefik: follows the routes file after a while, each entry point in its own time. What it cannot use it leaves alone. */
export class Traefik {
  /** Answers nothing. */
  down = false
  /** False for one that was started with the predecessor's static configuration. */
  listensInternally = true
  readonly #disk: Disk
  readonly #entryPoints = new Map<string, InForce | null>()
  readonly #leftAt = new Map<Color, number>()
  readonly #time: VirtualTime
  #follows = true

  constructor(time: VirtualTime, disk: Disk, entryPoints: readonly string[]) {
    this.#time = time
    this.#disk = disk
    for (const name of entryPoints) this.#entryPoints.set(name, null)
  }

  /** Text of the live file; null when there is none. */
  get file(): string | null {
    const bytes = this.#disk.read(places.routes)
    return bytes === null ? null : new TextDecoder().decode(bytes)
  }

  /** What the live file says; null when Traefik would leave it alone. */
  get says(): RoutesText | null {
    const bytes = this.#disk.read(places.routes)
    return bytes === null ? null : readBytes(bytes)
  }

  /** Somebody replaces the live file by hand; null removes it. */
  replaced(text: string | null): void {
    this.#disk.put(places.routes, text)
  }

  /** The live file has changed. */
  noticed(): void {
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
    if (follows) this.noticed()
  }

  at(entryPoint: string): InForce | null {
    const found = this.#entryPoints.get(entryPoint)
    if (found === undefined) throw new Error(`Traefik has no entry point ${entryPoint}`)
    return found
  }

  /** Whether a request could be led to this color now or by what lies on the disk. */
  mayUse(color: Color, publicEntryPoints: readonly string[]): boolean {
    if (publicEntryPoints.some((name) => this.at(name)?.active === color)) return true
    return [...(this.says?.entryPoints.values() ?? [])].includes(color)
  }

  /** Since when no entry point has led to this color; null when none ever did. */
  leftAt(color: Color): number | null {
    return this.#leftAt.get(color) ?? null
  }

  #follow(name: string): void {
    if (!this.#follows) return
    const { says } = this
    if (says === null) return
    const before = this.#entryPoints.get(name)
    const active = name === internalEntryPoint ? says.active : (says.entryPoints.get(name) ?? null)
    if (before?.active && before.active !== active && name !== internalEntryPoint) this.#leftAt.set(before.active, this.#time.now)
    this.#entryPoints.set(name, { active, generation: says.generation })
  }
}
