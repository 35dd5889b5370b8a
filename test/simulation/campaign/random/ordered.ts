import type { TestContext } from 'vitest'
import { tellFigure } from '../../../reporting/figures.ts'
import { distribution, playCampaign, type CampaignOptions } from './campaign.ts'

/** Schedules of one half of the campaign in the test command. */
const usualHalf = 20_000
/** Seeds of the halves are far apart, since each lane of a half takes the next one. */
const betweenHalves = 1_000_000

/** What was ordered by the environment: ZETHERION_SCHEDULES (of both halves together), ZETHERION_SEED, and ZETHERION_PATH to play a failure again. */
function ordered(half: 0 | 1): CampaignOptions {
  const seed = numberOf('ZETHERION_SEED', 1)
  const path = process.env['ZETHERION_PATH']
  if (path !== undefined) return { seed, schedules: 1, path }
  return { seed: seed + half * betweenHalves, schedules: Math.ceil(numberOf('ZETHERION_SCHEDULES', 2 * usualHalf) / 2) }
}

/** Plays what was ordered, prints what was reached, and tells the figures. @returns the first failure's story */
export async function playOrdered(context: Pick<TestContext, 'task'>, half: 0 | 1): Promise<string | null> {
  const options = ordered(half)
  const campaign = await playCampaign(options)
  const { played, seconds, failure } = campaign
  console.log(`simulation: ${played} random schedules from seed ${options.seed} in ${seconds.toFixed(0)} s; of them reached\n${distribution(campaign)}`)
  tellFigure(context, { name: 'random schedules', value: played, together: 'sum' })
  tellFigure(context, { name: 'random schedules per second', value: played / seconds, together: 'sum' })
  return failure
}

function numberOf(name: string, otherwise: number): number {
  const value = Number(process.env[name] ?? otherwise)
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${name} is ${process.env[name]}; it must be a whole number above 0`)
  return value
}
