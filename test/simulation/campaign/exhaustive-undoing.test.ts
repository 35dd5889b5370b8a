import { describe, expect, test } from 'vitest'
import { mustSurviveEveryFault } from './exhaustive-report.ts'
import { botDies, refusedEarly, rollback, slow } from './scenarios-operations.ts'
import { Sightings } from './sometimes.ts'

const sightings = new Sightings('undoing')

describe('every fault at every effect', () => {
  for (const scenario of [botDies, ...refusedEarly, ...slow, rollback]) {
    test(scenario.name, (context) => mustSurviveEveryFault(context, scenario, sightings))
  }

  test('sometimes: what an undo must be able to stand has come to pass', () => {
    expect(sightings.missing()).toEqual([])
  })
})
