import { describe, expect, test } from 'vitest'
import { play } from './exhaustive-play.ts'
import { applyGood } from './scenarios-operations.ts'
import { campaigns, Sightings, situations } from './sometimes.ts'

describe('what a campaign must have come to', () => {
  test('is at least 25 situations besides the rows of recovery, each of a name of its own, and every campaign has some', () => {
    expect(situations.filter(({ name }) => !/^R\d+ was/.test(name)).length).toBeGreaterThanOrEqual(25)
    expect(new Set(situations.map(({ name }) => name)).size).toBe(situations.length)
    expect(campaigns.filter((campaign) => !situations.some((situation) => situation.in === campaign))).toEqual([])
  })

  test('is missing by its name where it never came to pass', async () => {
    const sightings = new Sightings('applying')
    await play(applyGood, [{ level: 'effect', at: 8, kind: 'hangs' }], sightings)
    const missing = sightings.missing()
    expect(missing).toContain('applying: the commit hung')
    expect(missing).not.toContain('applying: a build that hung to the end of its budget')
  })
})
