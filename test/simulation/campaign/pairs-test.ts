import { describe, expect, test } from 'vitest'
import { mustSurviveEveryPair } from './exhaustive-report.ts'
import { pairings, type Pairing } from './pairings.ts'
import { Sightings } from './sometimes.ts'

/** The tests of one file of pairs. */
export function testPairs(pairing: Pairing): void {
  const sightings = new Sightings(`pairs of ${pairing}`)

  describe('all pairs of two faults', () => {
    for (const scenario of pairings[pairing]) {
      test(scenario.name, (context) => mustSurviveEveryPair(context, scenario, sightings))
    }

    test('sometimes: what two faults can make together has come to pass', () => {
      expect(sightings.missing()).toEqual([])
    })
  })
}
