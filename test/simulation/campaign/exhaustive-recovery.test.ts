import { describe, expect, test } from 'vitest'
import { mustSurviveEveryFault } from './exhaustive-report.ts'
import { foundSwapping, oldColorLost, recoveries } from './scenarios-recovery.ts'
import { Sightings } from './sometimes.ts'

const sightings = new Sightings('recovery')

describe('every fault at every effect of recovery', () => {
  for (const scenario of [foundSwapping, ...oldColorLost, ...recoveries]) {
    test(scenario.name, (context) => mustSurviveEveryFault(context, scenario, sightings))
  }

  test('sometimes: every row of the table, R1 to R17, and what recovery must be able to stand has come to pass', () => {
    expect(sightings.missing()).toEqual([])
  })
})
