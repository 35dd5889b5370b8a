import type { TestContext } from 'vitest'
import { tellFigure } from '../../../reporting/figures.ts'
import { distribution, playCampaign, type CampaignOptions } from './campaign.ts'

/** Schedules of both halves together in the test command: a minute or two on two cores. */
const usual = 10_000
/** With ZETHERION_LONG=1. */
const inTheLongRun = 100_000
/** Of a half of the usual number, ms of wall clock: a machine that is busy plays fewer. */
const usualLimit = 6 * 60_000
/** That one schedule may take on a machine that is busy, ms. */
const atMostEach = 100
/** What a campaign of this many must have reached, or it proves little. */
const enough = 3_000
const mustReach: readonly string[] = [
  'reached switching', 'reached swapping', 'reached retiring', 'undone', 'restarted', 'recovered twice or more', 'killed in an undo',
  'killed in the undo after the bot was touched', 'row R2', 'row R6', 'row R7', 'row R11', 'row R13', 'row R15', 'row R16', 'fault: power cut after',
  'fault: crash during', 'fault: takes effect late', 'fault: stale answer', 'move: freeze', 'move: maintenance', 'move: change settings',
]
/** Seeds of the halves are far apart, since each lane of a half takes the next one. */
const betweenHalves = 1_000_000

/**
 * What was ordered by the environment: ZETHERION_SCHEDULES (of both halves together, however long they take; default
 * 10,000 or what fits in six minutes, with ZETHERION_LONG=1 100,000), ZETHERION_SEED (default 1), and ZETHERION_PATH to
 * play a failure again.
 */
function ordered(half: 0 | 1): CampaignOptions {
  const seed = numberOf('ZETHERION_SEED', 1)
  const path = process.env['ZETHERION_PATH']
  if (path !== undefined) return { seed, schedules: 1, path }
  const { both, isLimited } = orderedNumber()
  return { seed: seed + half * betweenHalves, schedules: Math.ceil(both / 2), ...(isLimited && { limit: usualLimit }) }
}

function orderedNumber(): { readonly both: number; readonly isLimited: boolean } {
  const isLong = process.env['ZETHERION_LONG'] === '1'
  const isLimited = !isLong && process.env['ZETHERION_SCHEDULES'] === undefined
  return { both: numberOf('ZETHERION_SCHEDULES', isLong ? inTheLongRun : usual), isLimited }
}

/** Ms after which the test of a half has failed, whatever was ordered: shrinking a failure takes its time, too. */
export function limitOfTest(): number {
  const { both, isLimited } = orderedNumber()
  return 20 * 60_000 + (isLimited ? 0 : both / 2 * atMostEach)
}

/** Plays what was ordered, prints what was reached, and tells the figures. @returns the first failure's story; else what was never reached although it should have been; null when all is well */
export async function playOrdered(context: Pick<TestContext, 'task'>, half: 0 | 1): Promise<string | null> {
  const options = ordered(half)
  const campaign = await playCampaign(options)
  const { played, seconds, failure } = campaign
  console.log(`simulation: ${played} random schedules from seed ${options.seed} in ${seconds.toFixed(0)} s; of them reached\n${distribution(campaign)}`)
  tellFigure(context, { name: 'random schedules', value: played, together: 'sum' })
  tellFigure(context, { name: 'random schedules per second', value: played / seconds, together: 'sum' })
  const unreached = played < enough ? [] : mustReach.filter((mark) => !campaign.reached.has(mark))
  return failure ?? (unreached.length > 0 ? `never reached: ${unreached.join(', ')}` : null)
}

function numberOf(name: string, otherwise: number): number {
  const value = Number(process.env[name] ?? otherwise)
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${name} is ${process.env[name]}; it must be a whole number above 0`)
  return value
}
