import { describe, expect, test } from 'vitest'
import { mustSurviveEveryFault } from './exhaustive-report.ts'
import { cancels, departures, pauses, whenIdle } from './scenarios-operations.ts'
import { Sightings } from './sometimes.ts'

const sightings = new Sightings('requests')

describe('every fault at every effect', () => {
  for (const scenario of [...pauses, ...cancels, ...whenIdle, ...departures]) {
    test(scenario.name, (context) => mustSurviveEveryFault(context, scenario, sightings))
  }

  test('sometimes: what people ask for has met what can go wrong', () => {
    expect(sightings.missing()).toEqual([])
  })
})
