import { describe, expect, it } from 'vitest'
import { episodesOf, lastAnswerOf, servesNow } from '../../demo/serving.ts'
import type { Served } from '../../demo/stack/load.ts'

const span = (target: string, release: string, from: number, to: number): Served => ({ target, release, from, to, requests: 10 })

describe('what served at each moment', () => {
  it('is one episode for both targets, and a new one when the same release comes back', () => {
    const episodes = episodesOf([
      span('skills', 'v1.1.0', 0, 1_000), span('api', 'v1.1.0', 20, 1_010),
      span('skills', 'v1.4.0', 1_005, 2_000), span('api', 'v1.4.0', 1_015, 2_000),
      span('skills', 'v1.1.0', 2_005, 3_000),
    ])

    expect(episodes.map(({ release, from, to, requests }) => [release, from, to, requests])).toEqual([
      ['v1.1.0', 0, 1_010, 20], ['v1.4.0', 1_005, 2_000, 20], ['v1.1.0', 2_005, 3_000, 10],
    ])
  })

  it('counts answers that were under way at a switch to the release that gave them', () => {
    const episodes = episodesOf([span('api', 'v1.0.0', 0, 1_000), span('api', 'v1.1.0', 1_001, 1_001), span('api', 'v1.0.0', 1_003, 1_003), span('api', 'v1.1.0', 1_004, 2_000)])

    expect(episodes.map(({ release, requests }) => [release, requests])).toEqual([['v1.0.0', 20], ['v1.1.0', 20]])
  })

  it('shows a release that served in between, however short', () => {
    const episodes = episodesOf([span('api', 'v1.0.0', 0, 1_000), span('api', 'v1.4.0', 1_001, 1_002), span('api', 'v1.0.0', 1_500, 2_000)])

    expect(episodes.map(({ release }) => release)).toEqual(['v1.0.0', 'v1.4.0', 'v1.0.0'])
  })

  it('knows the last release of each target, and when one answered last', () => {
    const served = [span('api', 'v1.0.0', 0, 1_000), span('skills', 'v1.0.0', 0, 900), span('api', 'v1.1.0', 1_001, 1_500)]

    expect(servesNow(served)).toEqual({ api: 'v1.1.0', skills: 'v1.0.0' })
    expect(lastAnswerOf(served, 'v1.0.0', 950)).toBe(1_000)
    expect(lastAnswerOf(served, 'v1.1.0', 2_000)).toBeNull()
  })
})
