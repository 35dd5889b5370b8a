import { describe, expect, test } from 'vitest'
import { defaultPolicy } from '../../../src/rollout/limits.ts'
import type { Failure, Release } from '../../../src/rollout/model.ts'
import { closedAfterFailure, committed, finished, historyEntry, resultOf } from '../../../src/rollout/results.ts'
import { openOperation, operatorHold, recordOf } from '../../contract/record-store/records.ts'

const at = '2026-11-01T10:00:04.500Z'
const operation = { ...openOperation, phase: 'swapping', pauseRequested: null } as const
const record = recordOf({ operation, quarantine: [], previous: [] })
const failure: Failure = { code: 'unhealthy', cause: 'release', sentence: 'It failed.', step: null }

function releases(...tags: string[]): Release[] {
  return tags.map((tag) => ({ tag, version: tag, commit: tag.padEnd(40, '0') }))
}

describe('the commit point', () => {
  test('makes the target what runs, what was good last, and what the routes serve; the answer is in the same write', () => {
    const next = committed({ ...record, failuresInARow: 2 }, operation, defaultPolicy, at)
    expect(next).toMatchObject({
      activeColor: 'green', active: operation.target, lastGood: operation.target, previous: [operation.from], generation: 'gen-2', failuresInARow: 0,
      lastSuccessAt: at, operation: { phase: 'retiring' },
      lastResult: { operationId: 'op-1', status: 'success', activeColor: 'green', error: null, completedAt: at, durationSeconds: 4.5 },
    })
    expect(next.lastResult?.stepsCompleted.at(-1)).toBe('commit')
  })

  test('frees the target from its quarantine: an operator has taken it on purpose', () => {
    const held = recordOf({ operation })
    expect(held.quarantine.map(({ commit }) => commit)).toEqual([operation.target.commit])
    expect(committed(held, operation, defaultPolicy, at).quarantine).toEqual([])
  })

  test('of a rollback quarantines the release that is left', () => {
    expect(committed(record, { ...operation, kind: 'rollback' }, defaultPolicy, at).quarantine).toMatchObject([{ commit: operation.from.commit }])
  })

  test('keeps as many earlier releases as the policy says, each once, and never fewer than one', () => {
    const before = { ...record, previous: [operation.target, ...releases('v0.9.0', 'v0.8.0')] }
    const tags = (keepReleases: number) => committed(before, operation, { ...defaultPolicy, keepReleases }, at).previous.map(({ tag }) => tag)
    expect(tags(3)).toEqual(['v1.0.0', 'v0.9.0'])
    expect(tags(10)).toEqual(['v1.0.0', 'v0.9.0', 'v0.8.0'])
    expect(tags(1)).toEqual(['v1.0.0'])
  })

  test('without groups leaves the generation as it was', () => {
    expect(committed(record, { ...operation, generations: null }, defaultPolicy, at).generation).toBe('gen-1')
  })
})

describe('the end', () => {
  test('of a committed operation keeps the moment of the commit, completes the steps, and turns an asked pause into a hold', () => {
    const done = committed(record, operation, defaultPolicy, at)
    const closed = finished(done, { ...operation, phase: 'retiring', stepsCompleted: ['commit', 'drain'], pauseRequested: 'the fair is on' }, '2026-11-01T10:05:00.000Z')
    expect(closed).toMatchObject({
      operation: null, holds: [{ reason: 'the fair is on', origin: 'operator' }],
      lastResult: { status: 'success', completedAt: at, stepsCompleted: ['commit', 'drain'], paused: true, pauseReason: 'the fair is on' },
    })
  })

  test('of an undone operation tells what serves, why it ended and what holds', () => {
    const closed = closedAfterFailure(record, operation, failure, 'rolled_back', defaultPolicy, at)
    expect(closed).toMatchObject({
      operation: null, activeColor: 'blue', lastGood: record.lastGood, lastFailureAt: at,
      lastResult: { status: 'rolled_back', activeColor: 'blue', targetColor: 'green', error: 'It failed.', paused: true, pauseReason: 'v1.1.0: It failed.' },
    })
  })

  test('an earlier hold stays the reason that is told', () => {
    const closed = closedAfterFailure({ ...record, holds: [operatorHold] }, operation, failure, 'failed', defaultPolicy, at)
    expect(closed.lastResult?.pauseReason).toBe(operatorHold.reason)
  })
})

test('a clock that went backwards makes no negative duration', () => {
  expect(resultOf(record, operation, 'success', null, '2026-10-31T00:00:00.000Z').durationSeconds).toBe(0)
})

test('the history names an apply by its tag and a rollback by its commit', () => {
  const result = resultOf(record, operation, 'success', null, at)
  expect(historyEntry(operation, result)).toEqual({ tag: 'v1.1.0', version: '1.1.0', result, timestamp: at })
  expect(historyEntry({ ...operation, kind: 'rollback' }, result)).toMatchObject({ tag: 'rollback:bbbbbbbbbbbb', version: 'rollback' })
})

test('a made-up commit is not shown as one', () => {
  const from = { tag: 'adopted', version: 'unknown', commit: `adopted-${'0'.repeat(32)}` }
  expect(resultOf(record, { ...operation, from }, 'success', null, at)).toMatchObject({ previousSha: null, newSha: operation.target.commit })
})
