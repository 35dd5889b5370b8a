import { array, assert, nat, oneof, property, tuple } from 'fast-check'
import semver from 'semver'
import { describe, expect, it } from 'vitest'
import { readVersion } from '../../../src/polling/version.ts'
import type { TagRef } from '../../../src/rollout/model.ts'
import { chooseRelease } from '../../../src/rollout/release-policy.ts'
import type { Running } from '../../../src/rollout/release-policy.ts'

/** Each tag names a commit of its own. */
function tags(...names: readonly string[]): TagRef[] {
  return names.map((tag) => ({ tag, commit: `commit of ${tag}` }))
}

function runs(tag: string | null, rest: Partial<Running> = {}): Running {
  return { tag, commit: tag === null ? null : `commit of ${tag}`, lastGoodTag: null, ...rest }
}

function choose(refs: readonly TagRef[], running: Running, quarantined: readonly string[] = []) {
  const quarantine = quarantined.map((tag) => ({ tag, commit: `commit of ${tag}`, reason: 'unhealthy', since: '2026-11-21T00:00:00.000Z' }))
  const choice = chooseRelease(refs, running, quarantine, readVersion)
  return `${choice.kind} ${choice.newest?.tag ?? '-'}`
}

describe('the choice of a release', () => {
  it.each([
    ['the highest above what runs', ['v1.9.0', 'v1.10.0', 'v1.2.0'], 'v1.2.0', 'release v1.10.0'],
    ['nothing when the highest runs', ['v1.0.0', 'v1.1.0'], 'v1.1.0', 'nothing_newer -'],
    ['nothing of a remote without tags', [], 'v1.0.0', 'nothing_newer -'],
    ['no pre-release', ['v2.0.0-rc.1', 'v1.1.0'], 'v1.0.0', 'release v1.1.0'],
    ['the release of a running pre-release', ['v2.0.0'], 'v2.0.0-rc.1', 'release v2.0.0'],
    ['nothing that is no version', ['latest', 'v2', 'v2.0', '2.0.0.0', 'v01.2.3', 'release-3.0.0', '--upload-pack=x', 'v1.2.3/../x'], 'v1.0.0', 'nothing_newer -'],
    ['tags without a v too', ['2.0.0'], 'v1.0.0', 'release 2.0.0'],
    ['not the other spelling of what runs', ['1.0.0', 'v1.0.0'], 'v1.0.0', 'nothing_newer -'],
    ['not a build of what runs', ['v1.0.0+build.5'], 'v1.0.0', 'nothing_newer -'],
  ])('is %s', (_what, names, running, expected) => {
    expect(choose(tags(...names), runs(running))).toBe(expected)
    expect(choose(tags(...names).toReversed(), runs(running))).toBe(expected)
  })

  it('fault 39: is nothing when all are older than what runs', () => {
    expect(choose(tags('v1.0.0', 'v1.9.9'), runs('v2.0.0'))).toBe('nothing_newer -')
  })

  it('is nothing when the highest is quarantined, also if one in between is not', () => {
    expect(choose(tags('v1.0.0', 'v1.1.0', 'v1.2.0'), runs('v1.0.0'), ['v1.2.0'])).toBe('quarantined v1.2.0')
  })

  it('is a newer one than the quarantined one as soon as there is one', () => {
    expect(choose(tags('v1.2.0', 'v1.2.1'), runs('v1.0.0'), ['v1.2.0'])).toBe('release v1.2.1')
  })

  it('is nothing when the quarantined one is not above what runs', () => {
    expect(choose(tags('v1.2.0'), runs('v1.2.0'), ['v1.2.0'])).toBe('nothing_newer -')
  })

  it('is nothing when the highest tag names the commit that runs under another name', () => {
    expect(choose([{ tag: 'v1.0.1', commit: 'same' }], runs('v1.0.0', { commit: 'same' }))).toBe('nothing_newer -')
  })

  it('knows an adopted stack by its commit', () => {
    const refs = tags('v1.0.0', 'v1.1.0')
    expect(choose(refs, runs('adopted', { commit: 'commit of v1.1.0' }))).toBe('nothing_newer -')
    expect(choose(refs, runs('adopted', { commit: 'commit of v1.0.0' }))).toBe('release v1.1.0')
  })

  it('knows an adopted stack without a commit by the last good tag of the predecessor', () => {
    const refs = tags('v1.0.0', 'v1.1.0')
    expect(choose(refs, runs('adopted', { commit: null, lastGoodTag: 'v1.1.0' }))).toBe('nothing_newer -')
    expect(choose(refs, runs(null))).toBe('release v1.1.0')
  })

  it('agrees with semver on what is highest, for any versions', () => {
    const number = oneof(nat({ max: 12 }), nat())
    const version = tuple(number, number, number).map((numbers) => `v${numbers.join('.')}`)
    assert(
      property(array(version, { minLength: 1, maxLength: 8 }), version, (names, running) => {
        const highest = names.toSorted(semver.rcompare)[0] ?? ''
        expect(choose(tags(...names), runs(running))).toBe(semver.gt(highest, running) ? `release ${highest}` : 'nothing_newer -')
      }),
    )
  })
})
