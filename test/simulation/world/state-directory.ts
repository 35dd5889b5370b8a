import type { LoadedRecord, PredecessorState, UpdaterRecord } from '../../../src/rollout/model.ts'
import { decodeRecord, encodeRecord } from '../../../src/storage/record-file.ts'
import { createStorageChecks } from '../../../src/storage/record-schema.ts'
import type { Disk } from './disk.ts'

/** Where things lie on the simulated disk. */
export const places = {
  record: '/state/updater-state.json',
  history: '/state/updater-history.jsonl',
  reserve: '/state/updater-reserve',
  routes: '/state/traefik/dynamic/updater-routes.yml',
  staging: '/state/traefik/.staging',
} as const

/** Bytes of one piece of the kept space; its eight pieces are more than a record here. */
export const reservePiece = 1_024

/** The space that an earlier updater has taken, on the platter: the next one finds it whole and takes none. */
export function leaveReserve(disk: Disk): void {
  for (let piece = 0; piece < 8; piece += 1) disk.put(`${places.reserve}-${piece}`, 'x'.repeat(reservePiece))
}

/** Compiled once for all worlds. */
export const storageChecks = createStorageChecks()

const decoded = new WeakMap<Uint8Array, LoadedRecord>()

/** What these bytes of a record's file say. The same bytes are looked at before and after every effect. */
export function recordIn(bytes: Uint8Array | null): LoadedRecord {
  if (bytes === null) return { kind: 'none' }
  const known = decoded.get(bytes) ?? decodeRecord(bytes, storageChecks)
  decoded.set(bytes, known)
  return known
}

/** An older copy of the record is put back. */
export function restoreRecord(disk: Disk, record: UpdaterRecord): void {
  disk.put(places.record, new TextDecoder().decode(encodeRecord(record)))
}

/** The state file that the predecessor left. */
export function leavePredecessorState(disk: Disk, state: PredecessorState): void {
  disk.put(places.record, JSON.stringify({
    ...state.unknownKeys, active_color: state.activeColor, last_good_tag: state.lastGoodTag, paused: state.paused, pause_reason: state.pauseReason,
    last_checked_at: state.lastCheckedAt, last_attempted_tag: state.lastAttemptedTag, last_success_at: state.lastSuccessAt,
    last_failure_at: state.lastFailureAt, resumed_at: state.resumedAt,
  }))
}

/** The record is no record any more. */
export function damageRecord(disk: Disk): void {
  disk.put(places.record, '{"schema": 1, "sequ')
}

/** Somebody has removed the record and its previous generation. */
export function removeRecord(disk: Disk): void {
  disk.put(places.record, null)
  disk.put(`${places.record}.previous`, null)
}

/** The record was written by a newer updater. */
export function leaveNewerRecord(disk: Disk, schema: number): void {
  disk.put(places.record, JSON.stringify({ schema, record: { entirely: 'different' } }))
}
