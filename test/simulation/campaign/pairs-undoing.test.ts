import { describe, expect, test } from 'vitest'
import { mustSurviveEveryPair } from './exhaustive-report.ts'
import { botDies, brokenWhenRouted } from './scenarios-operations.ts'
import { Sightings } from './sometimes.ts'

const sightings = new Sightings('pairs of undoing')

describe('all pairs of two faults', () => {
  for (const scenario of [botDies, brokenWhenRouted]) {
    test(scenario.name, (context) => mustSurviveEveryPair(context, scenario, sightings))
  }

  test('sometimes: what two faults can make together has come to pass', () => {
    expect(sightings.missing()).toEqual([])
  })
})
