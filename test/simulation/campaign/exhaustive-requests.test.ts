import { describe, expect, test } from 'vitest'
import { mustSurviveEveryFault } from './exhaustive-report.ts'
import { requests } from './scenarios-operations.ts'
import { Sightings } from './sometimes.ts'

const sightings = new Sightings('requests')

describe('every fault at every effect', () => {
  for (const scenario of requests) {
    test(scenario.name, (context) => mustSurviveEveryFault(context, scenario, sightings))
  }

  test('sometimes: what people ask for has met what can go wrong', () => {
    expect(sightings.missing()).toEqual([])
  })
})
