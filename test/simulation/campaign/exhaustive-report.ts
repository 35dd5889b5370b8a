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

/**
 * Every which first fault is taken: the whole set takes about a quarter of an hour on two cores. `ZETHERION_PAIRS=1` takes
 * all of them, `ZETHERION_PAIRS=10` every tenth.
 */
const everyWhich = 8

/** Hits a scenario with pairs of two faults; nothing may break, and what was spared as known must hold when it is played too. */
export async function mustSurviveEveryPair(context: Pick<TestContext, 'task'>, scenario: Scenario, sightings: Sightings): Promise<void> {
  const of = Number(process.env['ZETHERION_PAIRS'] ?? everyWhich)
  if (!Number.isInteger(of) || of < 1) throw new Error('ZETHERION_PAIRS is a whole number, at least 1.')
  const begun = Date.now()
  const { pairs, played, sampled, findings } = await withLightSignals(() => playPairs(scenario, { sample: 100, onlooker: sightings, share: { part: 0, of } }))
  const minutes = ((Date.now() - begun) / 60_000).toFixed(1)
  console.log(`simulation: ${scenario.name}: ${pairs} pairs of faults, ${played} of them distinct; ${sampled} of those that were spared were played in full too; every ${of}. first fault; ${minutes} minutes`)
  tellFigure(context, { name: 'pairs of faults', value: pairs, together: 'sum' })
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
