import { expect, type TestContext } from 'vitest'
import { tellFigure } from '../../reporting/figures.ts'
import { useLightAbort } from '../world/light-abort.ts'
import { exhaust, tellFindings, type Finding } from './exhaustive.ts'
import { all, playPairs } from './pairs.ts'
import type { Level, Scenario } from './scenarios.ts'
import type { Sightings } from './sometimes.ts'

/** Hits every effect of a scenario with every kind of fault; nothing may break. */
export async function mustSurviveEveryFault(context: Pick<TestContext, 'task'>, scenario: Scenario, sightings: Sightings, levels: readonly Level[] = ['effect']): Promise<void> {
  const { runs, findings } = await withLightSignals(() => exhaust(scenario, { levels, onlooker: sightings }))
  tellFigure(context, { name: 'effects x fault kinds', value: runs, together: 'sum' })
  mustBeNone(findings)
}

/** Of the usual run: about a minute of one core for all scenarios. No multiples of the number of kinds, so that all of them take their turns. */
const usual = { ofFirst: 7, ofPairs: 7 }

/**
 * Hits a scenario with pairs of two faults; nothing may break, and what was spared as known must hold, and end alike, when it is played too.
 * The usual run plays a share; with `ZETHERION_LONG=1` it is all of them, some minutes for each scenario.
 *
 * @param part with which of the pairs the share begins; of another scenario, with others
 */
export async function mustSurviveEveryPair(context: Pick<TestContext, 'task'>, scenario: Scenario, sightings: Sightings, part: number): Promise<void> {
  const isLong = process.env['ZETHERION_LONG'] === '1'
  const before = process.cpuUsage()
  const { pairs, played, sampled, findings } = await withLightSignals(() => playPairs(scenario, { sample: isLong ? 300 : 10, onlooker: sightings, share: isLong ? all : { part, ...usual } }))
  const { user, system } = process.cpuUsage(before)
  const minutes = (user + system) / 60_000_000
  console.log(`simulation: ${scenario.name}: ${pairs} pairs of faults, ${played} of them distinct; ${sampled} of those that were spared were played in full too; ${isLong ? 'all pairs' : `1 of ${usual.ofFirst} first faults, and of their pairs 1 of ${usual.ofPairs}`}; ${minutes.toFixed(1)} minutes of one core`)
  tellFigure(context, { name: 'pairs of faults', value: pairs, together: 'sum' })
  tellFigure(context, { name: 'pairs of faults, distinct', value: played, together: 'sum' })
  tellFigure(context, { name: 'pairs of faults, minutes of one core', value: minutes, together: 'sum' })
  mustBeNone(findings)
}

function mustBeNone(findings: readonly Finding[]): void {
  expect(findings.length, tellFindings(findings)).toBe(0)
}

/** The platform's signals take half the time of a simulated rollout. */
async function withLightSignals<T>(campaign: () => Promise<T>): Promise<T> {
  const restore = useLightAbort()
  try {
    return await campaign()
  } finally {
    restore()
  }
}
