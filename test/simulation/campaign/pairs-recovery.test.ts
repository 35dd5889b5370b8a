import { describe, expect, test } from 'vitest'
import { mustSurviveEveryPair } from './exhaustive-report.ts'
import { rollback } from './scenarios-operations.ts'
import { foundSwapping } from './scenarios-recovery.ts'
import { Sightings } from './sometimes.ts'

const sightings = new Sightings('pairs of recovery')

describe('all pairs of two faults', () => {
  for (const scenario of [foundSwapping, rollback]) {
    test(scenario.name, (context) => mustSurviveEveryPair(context, scenario, sightings))
  }

  test('sometimes: what two faults can make together has come to pass', () => {
    expect(sightings.missing()).toEqual([])
  })
})
