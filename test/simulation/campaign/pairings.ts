import { applyGood, botDies, brokenWhenRouted, cancels, departures, neverHealthy, pauses, refusedEarly, rollback, slow, whenIdle } from './scenarios-operations.ts'
import { foundSwapping, oldColorLost, recoveries } from './scenarios-recovery.ts'
import type { Scenario } from './scenarios.ts'

/** Scenarios that are hit with all pairs of two faults: every one, in test files of about the same length, `pairs-<name>.test.ts`. */
export const pairings = {
  applying: [applyGood, neverHealthy],
  undoing: [botDies, brokenWhenRouted],
  recovery: [foundSwapping, rollback],
  refusing: refusedEarly,
  waiting: slow,
  pausing: pauses,
  cancelling: cancels,
  idle: whenIdle,
  leaving: departures,
  lost: oldColorLost,
  found: recoveries,
} as const satisfies Readonly<Record<string, readonly Scenario[]>>

export type Pairing = keyof typeof pairings
