import { describe, expect, it } from 'vitest'
import type { SeenOperation, SeenState } from './observer/state-file.ts'
import { wrongOutcome } from './outcome.ts'

const atRest: SeenState = {
  sequence: 7, epoch: 2, activeColor: 'blue', activeTag: 'v1.0.0', activeCommit: 'c', generation: null, paused: false, holds: [], failuresInARow: 0, operation: null,
}
const held = { paused: true, holds: ['interrupted'] }

/** A record in the middle of a rollout from v1.0.0 on blue to v1.1.0. */
function open(phase: string, changes: Partial<SeenState> = {}, operation: Partial<SeenOperation> = {}): SeenState {
  const opened: SeenOperation = { id: 'op', phase, step: null, fromColor: 'blue', fromTag: 'v1.0.0', targetTag: 'v1.1.0', cause: null, interruptions: 0, ...operation }
  return { ...atRest, ...changes, paused: true, operation: opened }
}

describe('what recovery has to lead to', () => {
  it.each([
    { left: 'nothing open', from: atRest, to: atRest },
    { left: 'a rollout in preparing', from: open('preparing'), to: { ...atRest, failuresInARow: 1 } },
    { left: 'the third one in a row', from: open('preparing', { failuresInARow: 2 }), to: { ...atRest, failuresInARow: 3, ...held } },
    { left: 'one that was interrupted twice before', from: open('preparing', {}, { interruptions: 2 }), to: { ...atRest, failuresInARow: 1, ...held } },
    { left: 'a rollout that was switched', from: open('switching'), to: { ...atRest, failuresInARow: 1, ...held } },
    { left: 'a rollout that had failed by itself', from: open('swapping', {}, { cause: 'release' }), to: { ...atRest, ...held } },
    { left: 'a committed rollout', from: open('retiring', { activeTag: 'v1.1.0', activeColor: 'green' }), to: { ...atRest, activeTag: 'v1.1.0', activeColor: 'green' } },
  ])('is right after $left', ({ from, to }) => {
    expect(wrongOutcome(from, to)).toEqual([])
  })

  it.each([
    { wrong: 'a rollout that was resumed', from: open('swapping'), to: { ...atRest, failuresInARow: 1, ...held, activeTag: 'v1.1.0', activeColor: 'green' }, says: 'v1.1.0 is active, it should be v1.0.0' },
    { wrong: 'a committed one that was undone', from: open('retiring', { activeTag: 'v1.1.0', activeColor: 'green' }), to: atRest, says: 'v1.0.0 is active, it should be v1.1.0' },
    { wrong: 'a switch that does not hold', from: open('switching'), to: { ...atRest, failuresInARow: 1 }, says: 'rollouts are not held' },
    { wrong: 'a fourth attempt that may come', from: open('preparing', { failuresInARow: 2 }), to: { ...atRest, failuresInARow: 3 }, says: 'rollouts are not held' },
    { wrong: 'an interruption that is not counted', from: open('preparing'), to: atRest, says: '0 failures in a row are counted, it should be 1' },
    { wrong: 'a hold that was lost', from: { ...atRest, ...held }, to: atRest, says: 'rollouts are not held' },
    { wrong: 'a hold without need', from: atRest, to: { ...atRest, ...held }, says: 'rollouts are held without need: interrupted' },
    { wrong: 'an operation left open', from: open('preparing'), to: open('preparing', { failuresInARow: 1 }), says: 'an operation is open: preparing' },
  ])('is told to be wrong after $wrong', ({ from, to, says }) => {
    expect(wrongOutcome(from, to)).toContain(says)
  })
})
