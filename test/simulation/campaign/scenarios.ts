import type { UpdateResult, UpdaterRecord } from '../../../src/rollout/model.ts'
import type { Effect, FaultKind } from '../world/effects.ts'
import type { World } from '../world/world.ts'

/** On which level a fault strikes: an effect of a port, a call of files inside one, or a question. */
export type Level = 'effect' | 'file' | 'question'

/** What is to go wrong: this kind of fault at the so-and-so-many-th one of its level, counted from the scenario's beginning. */
export interface Fault {
  readonly level: Level
  readonly at: number
  readonly kind: Kind
}

/** What can go wrong: besides what the world knows, an answer that is out of date when it comes, and a host that loses its power. */
export type Kind = FaultKind | 'stale' | 'power cut before' | 'power cut after'

/** A fault that has struck. */
export interface Strike {
  readonly fault: Fault
  readonly effect: Effect
  /** The record on the disk: when the fault struck, or, if it ended the daemon, when the next one starts. */
  readonly durable: UpdaterRecord | null
}

/** What somebody was told. */
export interface Told {
  /** Answer to an apply or rollback; null when none came. */
  readonly result: UpdateResult | null
  /** Whether a pause, an unpause or a cancel was acknowledged. */
  readonly acknowledged: boolean
}

/** How everything must be at the end. What is left out may be either way. */
export interface Ending {
  /** Tags that may serve. */
  readonly serves?: readonly string[]
  readonly held?: boolean
  /** Tags that polling must leave alone, and no others. */
  readonly quarantine?: readonly string[]
}

/** Something that happens to a stack, each of whose effects can be hit by a fault. */
export interface Scenario {
  readonly name: string
  /** A stack as it is before. */
  readonly begin: () => Promise<World>
  /** What happens; goes on as far as it can when the daemon dies. */
  readonly act: (world: World) => Promise<Told>
  /** Where it must end. `strike` is null when nothing went wrong. */
  readonly ends: (strike: Strike | null, told: Told) => Ending
  /** What holds at the end, however many faults there were. */
  readonly always: Ending
  /** What holds besides after these faults, more than one. */
  readonly afterSeveral?: (strikes: readonly Strike[]) => Ending
  /** Rows of the recovery table that it reaches by itself. */
  readonly rows?: readonly number[]
  /** What is not yet at rest, where that is not the usual. */
  readonly unsettled?: (world: World) => string[]
}

/** Nobody was told anything. */
export const nothingTold: Told = { result: null, acknowledged: false }

/** Whether a fault ends the daemon. */
export function isDeath(kind: Kind): boolean {
  return kind.startsWith('crash') || kind.startsWith('power')
}
