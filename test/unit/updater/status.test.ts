import { describe, expect, test } from 'vitest'
import type { OpenOperation } from '../../../src/rollout/model.ts'
import { statusOf, type StatusSource } from '../../../src/updater/status.ts'
import { openOperation, operatorHold, recordOf } from '../../contract/record-store/records.ts'

function statusWith(changes: Partial<StatusSource>) {
  return statusOf({
    record: recordOf(), busy: null, uptimeSeconds: 3, observing: null, pausedAnyway: null, findings: [],
    polling: { enabled: false, lastLookAt: null, nextLookAt: null, newest: null, outcome: null },
    ...changes,
  })
}

function open(changes: Partial<OpenOperation>) {
  return recordOf({ operation: { ...openOperation, failure: null, ...changes } })
}

describe('the status', () => {
  test('before a stack was taken over knows nothing and is not paused', () => {
    expect(statusWith({ record: null })).toMatchObject({ state: 'idle', activeColor: null, active: null, paused: false, lastResult: null, currentOperation: null })
  })

  test('of a settled stack tells what runs', () => {
    expect(statusWith({})).toMatchObject({ state: 'idle', activeColor: 'blue', active: { tag: 'v1.0.0' }, lastGoodTag: 'v1.0.0', currentOperation: null, paused: false })
  })

  test.each([
    ['an apply', open({ step: 'docker_build' }), 'updating', 'apply v1.1.0: docker_build'],
    ['an apply that has just begun', open({ step: null, phase: 'preparing' }), 'updating', 'apply v1.1.0: preparing'],
    ['an apply that turned round', open({ failure: openOperation.failure }), 'rolling_back', 'apply v1.1.0: undoing after health_skills'],
    ['a rollback', open({ kind: 'rollback', step: 'commit' }), 'rolling_back', 'rollback v1.1.0: commit'],
  ])('of %s', (_name, record, state, currentOperation) => {
    expect(statusWith({ record })).toMatchObject({ state, currentOperation })
  })

  test('of an operation that was taken on but is not in the record yet is not idle', () => {
    expect(statusWith({ busy: { kind: 'apply', what: 'apply v1.1.0' } })).toMatchObject({ state: 'updating', currentOperation: 'apply v1.1.0', operation: null })
    expect(statusWith({ busy: { kind: 'rollback', what: 'rollback to aaa' } })).toMatchObject({ state: 'rolling_back' })
  })

  test('gives the first hold as the reason, and all of them besides', () => {
    const second = { ...operatorHold, reason: 'and another' }
    expect(statusWith({ record: recordOf({ holds: [operatorHold, second] }) })).toMatchObject({ paused: true, pauseReason: operatorHold.reason, holds: [operatorHold, second] })
  })

  test('gives what pauses without a hold as the reason where nothing else does', () => {
    const pausedAnyway = 'The record is damaged: it is no JSON.'
    expect(statusWith({ record: null, pausedAnyway })).toMatchObject({ paused: true, pauseReason: pausedAnyway, holds: [] })
    expect(statusWith({ record: recordOf({ holds: [operatorHold] }), pausedAnyway })).toMatchObject({ paused: true, pauseReason: operatorHold.reason })
  })

  test('an operation alone is no pause', () => {
    expect(statusWith({ record: open({}) })).toMatchObject({ paused: false, pauseReason: null })
  })
})
