import type { Expectations } from './expectations.ts'
import type { Screen } from './printing/screen.ts'
import type { Load } from './stack/load.ts'
import type { Stack } from './stack/stack.ts'
import type { Watch, Watched } from './watch.ts'

/** What every chapter of the story has at hand. */
export interface Stage {
  readonly stack: Stack
  readonly load: Load
  readonly watch: Watch
  readonly expectations: Expectations
  readonly screen: Screen
  readonly signal: AbortSignal
  /** What was done so far, for the closing. */
  readonly told: Told[]
}

/** A chapter that was told, with what its operation led to. */
export interface Told {
  /** What was asked for, short: a column's head. */
  readonly title: string
  readonly result: string
  readonly operation: Watched
  /** Without any bot, ms. */
  readonly botAway: number
}

/** A part of the story. What it expects, it tells the stage. */
export type Chapter = (stage: Stage) => Promise<void>
