import type { TestContext } from 'vitest'
import { tellFigure } from '../../../reporting/figures.ts'
import { distribution, lanes, playCampaign, type CampaignOptions } from './campaign.ts'

/** Parts that the schedules are played in, each in a test file of its own, so that every core is busy to the end. */
export type Part = 0 | 1 | 2 | 3
const parts = 4
/** Schedules of all parts together. */
const usual = 100_000
/** Of one part, ms of processor time, so that a run ends on any machine: a slow one plays fewer. */
const usualLimit = 10 * 60_000
/** That one schedule may take on a machine that is busy, ms. */
const atMostEach = 100
/** That a part may take when it gets only such time as nobody else wants, as in the test command, ms. */
const atMostLimited = 60 * 60_000
/** What a campaign of this many, and the usual one, must have reached, or it proves little. */
const enough = 3_000
const mustReach: readonly string[] = [
  'reached switching', 'reached swapping', 'reached retiring', 'undone', 'restarted', 'recovered twice or more', 'killed in an undo',
  'killed in the undo after the bot was touched', 'row R2', 'row R6', 'row R7', 'row R11', 'row R13', 'row R15', 'row R16', 'fault: power cut after',
  'fault: crash during', 'fault: takes effect late', 'fault: stale answer', 'move: freeze', 'move: maintenance', 'move: change settings',
]
/** Seeds of the parts are far apart, since each lane of a part takes the next one. */
const betweenParts = 1_000_000

/** The first seed of the usual campaign. */
const usualSeed = 1

/** Every seed that the usual campaign plays schedules of. */
export function usualSeeds(): number[] {
  const lanesOf = (part: number): number[] => Array.from({ length: lanes }, (_, lane) => usualSeed + part * betweenParts + lane)
  return Array.from({ length: parts }, (_, part) => lanesOf(part)).flat()
}

/**
 * What was ordered by the environment: ZETHERION_SCHEDULES (of all parts together, however long they take; default
 * 100,000 or what fits in ten minutes of processor time a part), ZETHERION_SEED (default 1), and ZETHERION_PATH to play a failure again.
 */
function ordered(part: Part): CampaignOptions {
  const seed = numberOf('ZETHERION_SEED', usualSeed)
  const path = process.env['ZETHERION_PATH']
  if (path !== undefined) return { seed, schedules: 1, path }
  const { ofAPart, isLimited } = orderedNumber()
  return { seed: seed + part * betweenParts, schedules: ofAPart, ...(isLimited && { limit: usualLimit }) }
}

function orderedNumber(): { readonly ofAPart: number; readonly isLimited: boolean } {
  const isLimited = process.env['ZETHERION_SCHEDULES'] === undefined
  return { ofAPart: Math.ceil(numberOf('ZETHERION_SCHEDULES', usual) / parts), isLimited }
}

/** Ms after which the test of a part has failed, whatever was ordered: shrinking a failure takes its time, too. */
export function limitOfTest(): number {
  const { ofAPart, isLimited } = orderedNumber()
  return isLimited ? atMostLimited : 20 * 60_000 + ofAPart * atMostEach
}

/** Plays what was ordered, prints what was reached, and tells the figures. @returns the first failure's story; else what was never reached although it should have been; null when all is well */
export async function playOrdered(context: Pick<TestContext, 'task'>, part: Part): Promise<string | null> {
  const options = ordered(part)
  const campaign = await playCampaign(options)
  const { played, seconds, failure } = campaign
  console.log(`simulation: ${played} random schedules from seed ${options.seed} in ${seconds.toFixed(0)} s; of them reached\n${distribution(campaign)}`)
  tellFigure(context, { name: 'random schedules', value: played, together: 'sum' })
  tellFigure(context, { name: 'random schedules that were ordered', value: options.schedules, together: 'sum' })
  tellFigure(context, { name: 'random schedules per second, each process', value: played / seconds, together: 'most' })
  const unreached = played < enough && options.limit === undefined ? [] : mustReach.filter((mark) => !campaign.reached.has(mark))
  return failure ?? (unreached.length > 0 ? `never reached: ${unreached.join(', ')}` : null)
}

function numberOf(name: string, otherwise: number): number {
  const value = Number(process.env[name] ?? otherwise)
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${name} is ${process.env[name]}; it must be a whole number above 0`)
  return value
}
