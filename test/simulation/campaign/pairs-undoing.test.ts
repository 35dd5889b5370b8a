import { describe, expect, test } from 'vitest'
import { mustSurviveEveryPair } from './exhaustive-report.ts'
import { botDies, brokenWhenRouted } from './scenarios-operations.ts'
import { Sightings } from './sometimes.ts'

const sightings = new Sightings('pairs of undoing')

describe('all pairs of two faults', () => {
  for (const [part, scenario] of [botDies, brokenWhenRouted].entries()) {
    test(scenario.name, (context) => mustSurviveEveryPair(context, scenario, sightings, 4 + part))
  }

  test('sometimes: what two faults can make together has come to pass', () => {
    expect(sightings.missing()).toEqual([])
  })
})
