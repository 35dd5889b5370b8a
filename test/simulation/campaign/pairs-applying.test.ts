import { describe, expect, test } from 'vitest'
import { mustSurviveEveryPair } from './exhaustive-report.ts'
import { applyGood, neverHealthy } from './scenarios-operations.ts'
import { Sightings } from './sometimes.ts'

const sightings = new Sightings('pairs of applying')

describe('all pairs of two faults', () => {
  for (const scenario of [applyGood, neverHealthy]) {
    test(scenario.name, (context) => mustSurviveEveryPair(context, scenario, sightings))
  }

  test('sometimes: what two faults can make together has come to pass', () => {
    expect(sightings.missing()).toEqual([])
  })
})
