import { describe, expect, test } from 'vitest'
import { mustSurviveEveryFault } from './exhaustive-report.ts'
import { applyGood, brokenWhenRouted, neverHealthy } from './scenarios-operations.ts'
import { Sightings } from './sometimes.ts'

const sightings = new Sightings('applying')

describe('every fault at every effect', () => {
  for (const scenario of [applyGood, neverHealthy, brokenWhenRouted]) {
    test(scenario.name, (context) => mustSurviveEveryFault(context, scenario, sightings))
  }

  test('and at each call of files and each question in applying a good release', (context) =>
    mustSurviveEveryFault(context, applyGood, sightings, ['file', 'question']))

  test('sometimes: what an apply must be able to stand has come to pass', () => {
    expect(sightings.missing()).toEqual([])
  })
})
