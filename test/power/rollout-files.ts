import { join } from 'node:path'
import type { HistoryEntry, UpdaterRecord } from '../../src/rollout/model.ts'
import type { Routes } from '../../src/rollout/model.ts'
import { openOperation, recordOf } from '../contract/record-store/records.ts'

/* What lies in the state directory of a rollout, known to whoever writes it and to whoever looks at it afterwards. */

/** Where a rollout stands when a record is written. */
export const moments = ['before', 'preparing', 'switching', 'swapping', 'committed', 'failed', 'held', 'finished'] as const
export type Moment = (typeof moments)[number]

export const generations = { first: 'a'.repeat(32), target: 'b'.repeat(32), back: 'c'.repeat(32) } as const

export function places(root: string) {
  return {
    record: join(root, 'updater-state.json'),
    history: join(root, 'updater-history.jsonl'),
    routes: join(root, 'traefik/dynamic/updater-routes.yml'),
    staging: join(root, 'traefik/.staging'),
    reserve: join(root, 'updater-reserve'),
    pieceSize: 16_384,
    /** Of the record that is there before. */
    firstSequence: 10,
  } as const
}

/** The record as it is at a moment; the same for the same arguments. */
export function recordAt(sequence: number, moment: Moment): UpdaterRecord {
  const open = { ...openOperation, generations: { target: generations.target, back: generations.back }, failure: null, pauseRequested: null }
  const failure = { code: 'storage_failed', cause: 'integrity', sentence: 'the disk failed', step: 'route_switch' } as const
  switch (moment) {
    case 'before': return recordOf({ sequence, generation: generations.first })
    case 'preparing': return recordOf({ sequence, generation: generations.first, operation: { ...open, phase: 'preparing' } })
    case 'switching': return recordOf({ sequence, generation: generations.first, operation: { ...open, phase: 'switching' } })
    case 'swapping': return recordOf({ sequence, generation: generations.target, operation: { ...open, phase: 'swapping' } })
    case 'committed': return recordOf({ sequence, generation: generations.target, activeColor: 'green', active: open.target, operation: { ...open, phase: 'retiring' } })
    case 'failed': return recordOf({ sequence, generation: generations.first, operation: { ...open, failure } })
    case 'held': return recordOf({ sequence, generation: generations.back, holds: [{ reason: failure.sentence, origin: failure.code, since: '2026-11-01T00:00:00.000Z' }] })
    case 'finished': return recordOf({ sequence, generation: generations.target, activeColor: 'green', active: open.target, lastGood: open.target })
  }
}

export function routesAt(which: keyof typeof generations): Routes {
  return { active: which === 'target' ? 'green' : 'blue', generation: generations[which], sequence: 10, topology: openOperation.topology }
}

export function entryOf(operationId: string): HistoryEntry {
  const { lastResult } = recordOf()
  if (lastResult === null) throw new Error('the record has a last result')
  return { tag: 'v1.1.0', version: '1.1.0', timestamp: '2026-11-01T00:00:00.000Z', result: { ...lastResult, operationId } }
}
