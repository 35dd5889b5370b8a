import type { Log } from '../../../src/rollout/ports.ts'
import { Disk, type Survival } from '../../simulation/world/disk.ts'
import { Effects, type EffectWatch, type Interference } from '../../simulation/world/effects.ts'
import { SimulatedFiles } from '../../simulation/world/files.ts'
import { Life } from '../../simulation/world/life.ts'
import { allSurvives, leastSurvives } from '../../simulation/world/power-cut.ts'
import { seededNumbers } from '../../simulation/world/seeded-random.ts'
import { VirtualTime } from '../../simulation/world/virtual-time.ts'

/** A disk with the state directories on it, and nobody who uses it yet. */
export interface Shelf {
  readonly disk: Disk
  readonly effects: Effects
  /** As a new daemon holds them. */
  readonly files: () => SimulatedFiles
}

/** What may be left after a power cut: nothing that was not synced, all of it, a part. */
export const survivals: readonly Survival[] = [leastSurvives, allSurvives, seededNumbers(11)]

export const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined }

const unwatched: EffectWatch = { asked: () => undefined, before: () => undefined, after: () => undefined, succeeded: () => undefined, afterFile: () => undefined }

export function emptyShelf(): Shelf {
  const time = new VirtualTime()
  const disk = new Disk()
  const effects = new Effects(time, unwatched)
  for (const directory of ['/state/traefik/dynamic', '/state/traefik/.staging']) disk.makeDirectory(directory)
  for (const directory of ['/', '/state', '/state/traefik']) disk.syncDirectory(directory)
  return { disk, effects, files: () => new SimulatedFiles(disk, effects, new Life(time)) }
}

/** Lets the power go right after the call of this number in the work. @returns false when the work ended before it came so far */
export async function cutAt(shelf: Shelf, at: number, survival: Survival, work: () => Promise<unknown>): Promise<boolean> {
  let cut = (): void => undefined
  const isCut = new Promise<true>((resolve) => {
    cut = () => resolve(true)
  })
  const struck = strikeAt(shelf, at, async (_effect, run) => {
    await run()
    shelf.disk.powerCut(survival)
    cut()
    return new Promise(() => undefined)
  })
  try {
    return await Promise.race([isCut, work().then(() => false)])
  } finally {
    struck.over()
  }
}

/** Does this to the call of this number from now on. */
export function strikeAt({ effects }: Shelf, at: number, blow: Interference): { over(): void } {
  const first = effects.files.length
  effects.fileInterference = (effect, run, daemon) => (effect.index === first + at ? blow(effect, run, daemon) : run())
  return { over: () => { effects.fileInterference = (_effect, run) => run() } }
}
