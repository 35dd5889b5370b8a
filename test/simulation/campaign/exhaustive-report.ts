import { expect, type TestContext } from 'vitest'
import { tellFigure } from '../../reporting/figures.ts'
import { useLightAbort } from '../world/light-abort.ts'
import { exhaust, tellFindings, type Finding } from './exhaustive.ts'
import { playPairs } from './pairs.ts'
import type { Level, Scenario } from './scenarios.ts'
import type { Sightings } from './sometimes.ts'

/** Hits every effect of a scenario with every kind of fault; nothing may break. */
export async function mustSurviveEveryFault(context: Pick<TestContext, 'task'>, scenario: Scenario, sightings: Sightings, levels: readonly Level[] = ['effect']): Promise<void> {
  const { runs, findings } = await withLightSignals(() => exhaust(scenario, { levels, onlooker: sightings }))
  tellFigure(context, { name: 'effects x fault kinds', value: runs, together: 'sum' })
  mustBeNone(findings)
}

/** Of the pairs that were spared as known, of each scenario. */
const sample = 100

/** Hits a scenario with all pairs of two faults; nothing may break, and of what was spared as known, a sample must hold and end alike when it is played too. */
export async function mustSurviveEveryPair(context: Pick<TestContext, 'task'>, scenario: Scenario, sightings: Sightings): Promise<void> {
  const before = process.cpuUsage()
  const { pairs, played, sampled, findings } = await withLightSignals(() => playPairs(scenario, { sample, onlooker: sightings }))
  const { user, system } = process.cpuUsage(before)
  const minutes = (user + system) / 60_000_000
  console.log(`simulation: ${scenario.name}: ${pairs} pairs of faults, ${played} of them distinct; ${sampled} of those that were spared were played in full too; ${minutes.toFixed(1)} minutes of one core`)
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
