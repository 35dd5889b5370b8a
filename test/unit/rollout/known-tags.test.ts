import { expect, test } from 'vitest'
import { withKnownTag } from '../../../src/rollout/known-tags.ts'
import { recordOf } from '../../contract/record-store/records.ts'

const commit = 'c'.repeat(40)

test('tags that were seen are remembered within a bound, and never those of what runs, can be gone back to or is quarantined forgotten', () => {
  let record = recordOf({
    active: { tag: 'v1.0.0', version: '1.0.0', commit },
    lastGood: { tag: 'v0.9.0', version: '0.9.0', commit },
    previous: [{ tag: 'v0.8.0', version: '0.8.0', commit }],
    quarantine: [{ tag: 'v0.7.0', commit, reason: 'never healthy', since: '' }],
    knownTags: { 'v0.7.0': commit, 'v0.8.0': commit, 'v0.9.0': commit, 'v1.0.0': commit, 'v0.1.0': commit },
  })
  for (let patch = 0; patch < 1_000; patch += 1) {
    record = { ...record, knownTags: withKnownTag(record, { tag: `v2.0.${patch}`, version: `2.0.${patch}`, commit }) }
  }
  const tags = Object.keys(record.knownTags)
  expect(tags).toHaveLength(200)
  expect(tags).toEqual(expect.arrayContaining(['v0.7.0', 'v0.8.0', 'v0.9.0', 'v1.0.0', 'v2.0.999']))
  expect(tags).not.toContain('v0.1.0')
  expect(tags).not.toContain('v2.0.1')
})

test('a tag that is seen again keeps what it names now, and counts as the newest', () => {
  const record = recordOf({ knownTags: { 'v0.1.0': commit, 'v0.2.0': commit } })
  expect(Object.entries(withKnownTag(record, { tag: 'v0.1.0', version: '0.1.0', commit: 'd'.repeat(40) }))).toEqual([['v0.2.0', commit], ['v0.1.0', 'd'.repeat(40)]])
})
