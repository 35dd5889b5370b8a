import { describe, expect, test } from 'vitest'
import { afterFailure, failureOf, withHold, withQuarantine } from '../../../src/rollout/consequences.ts'
import { errorCauses, UpdaterError, type Cause, type ErrorCode } from '../../../src/rollout/errors.ts'
import { defaultPolicy } from '../../../src/rollout/limits.ts'
import type { OpenOperation, Phase } from '../../../src/rollout/model.ts'
import { openOperation, operatorHold, recordOf } from '../../contract/record-store/records.ts'

const at = '2026-11-21T12:00:00.000Z'
const clean = recordOf({ quarantine: [], holds: [], failuresInARow: 0 })

function operationIn(phase: Phase): OpenOperation {
  return { ...openOperation, phase, pauseRequested: null }
}

/** One code of each cause. */
const codes: Readonly<Record<Cause, ErrorCode>> = {
  release: 'unhealthy', surroundings: 'disk_full', interruption: 'interrupted', remote: 'remote_unreachable', integrity: 'storage_failed',
  operator: 'cancelled', request: 'unknown_commit',
}

function after(cause: Cause, phase: Phase, changes: { failuresInARow?: number; pauseOnFailure?: boolean } = {}) {
  const policy = { ...defaultPolicy, pauseOnFailure: changes.pauseOnFailure ?? true }
  const record = { ...clean, failuresInARow: changes.failuresInARow ?? 0 }
  return afterFailure(record, operationIn(phase), failureOf(new UpdaterError(codes[cause], 'It failed.'), 'docker_build'), policy, at)
}

describe('causes, holds, quarantine', () => {
  test.each<[Cause, Phase, boolean, boolean]>([
    ['release', 'preparing', true, true],
    ['release', 'swapping', true, true],
    ['surroundings', 'preparing', false, false],
    ['surroundings', 'switching', false, true],
    ['surroundings', 'swapping', false, true],
    ['interruption', 'preparing', false, false],
    ['interruption', 'swapping', false, true],
    ['remote', 'preparing', false, false],
    ['integrity', 'preparing', false, true],
    ['operator', 'preparing', false, false],
    ['operator', 'swapping', false, false],
    ['request', 'preparing', false, false],
  ])('%s in %s: quarantines %s, pauses %s', (cause, phase, quarantines, pauses) => {
    const record = after(cause, phase)
    expect(record.quarantine.map(({ commit }) => commit)).toEqual(quarantines ? [openOperation.target.commit] : [])
    expect(record.holds).toEqual(pauses ? [{ reason: 'v1.1.0: It failed.', origin: codes[cause], since: at }] : [])
    expect(record.lastFailureAt).toBe(at)
  })

  test('a release pauses only if the setting says so; it is quarantined all the same', () => {
    expect(after('release', 'swapping', { pauseOnFailure: false })).toMatchObject({ holds: [], quarantine: [{ tag: 'v1.1.0' }] })
  })

  test.each<Cause>(['surroundings', 'interruption'])('the third failure in a row by %s pauses, the second does not', (cause) => {
    expect(after(cause, 'preparing', { failuresInARow: 1 })).toMatchObject({ holds: [], failuresInARow: 2 })
    expect(after(cause, 'preparing', { failuresInARow: 2 })).toMatchObject({ holds: [{ origin: codes[cause] }], failuresInARow: 3 })
  })

  test.each<Cause>(['release', 'remote', 'operator', 'integrity'])('%s does not count towards that', (cause) => {
    expect(after(cause, 'preparing', { failuresInARow: 2 }).failuresInARow).toBe(2)
  })

  test('a pause that was asked for becomes a hold beside the failure\'s own', () => {
    const failure = failureOf(new UpdaterError('unhealthy', 'It failed.'), null)
    const { holds } = afterFailure(clean, { ...openOperation, pauseRequested: 'the fair is on' }, failure, defaultPolicy, at)
    expect(holds.map(({ origin, reason }) => [origin, reason])).toEqual([['unhealthy', 'v1.1.0: It failed.'], ['operator', 'the fair is on']])
  })

  test('a hold is one line, whatever output the failure carries', () => {
    const failure = failureOf(new UpdaterError('singleton_failed', 'bot exited with code 3.', { details: { logs: ['one', 'two'] } }), null)
    expect(failure.sentence).toBe('bot exited with code 3.\none\ntwo')
    expect(afterFailure(clean, operationIn('swapping'), failure, defaultPolicy, at).holds).toMatchObject([{ reason: 'v1.1.0: bot exited with code 3.' }])
  })

  test('what nobody foresaw counts as the surroundings, never as the release', () => {
    expect(failureOf(new TypeError('x is undefined'), 'drain')).toEqual({ code: 'engine_failed', cause: 'surroundings', sentence: 'x is undefined', step: 'drain' })
    expect(failureOf('a string', null)).toMatchObject({ cause: 'surroundings', sentence: 'a string' })
  })
})

test('every cause of the registry is known to the table', () => {
  expect(new Set(Object.values(errorCauses))).toEqual(new Set(Object.keys(codes)))
})

test('the same reason holds once', () => {
  expect(withHold([operatorHold], { ...operatorHold, since: at })).toEqual([operatorHold])
})

test('a quarantine is renewed, and the list is bounded: the oldest go first', () => {
  let list = withQuarantine([], { commit: 'first', tag: 'v0', reason: 'r', since: at })
  for (let number = 0; number < 99; number += 1) list = withQuarantine(list, { commit: `c${number}`, tag: 'v', reason: 'r', since: at })
  expect(list).toHaveLength(100)
  list = withQuarantine(list, { commit: 'first', tag: 'v0', reason: 'again', since: at })
  expect(list).toHaveLength(100)
  list = withQuarantine(list, { commit: 'new', tag: 'v', reason: 'r', since: at })
  expect(list).toHaveLength(100)
  expect(list.map(({ commit }) => commit)).not.toContain('c0')
  expect(list.find(({ commit }) => commit === 'first')?.reason).toBe('again')
})
