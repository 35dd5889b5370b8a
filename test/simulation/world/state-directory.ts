import type { LoadedRecord, PredecessorState, UpdaterRecord } from '../../../src/rollout/model.ts'
import { decodeRecord, encodeRecord } from '../../../src/storage/record-file.ts'
import { createStorageChecks } from '../../../src/storage/record-schema.ts'
import type { RecordForm } from '../../../src/storage/record-store.ts'
import type { Disk } from './disk.ts'
import { remembered } from './remembered.ts'

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
const encoded = remembered<Uint8Array>()

/** What these bytes of a record's file say. The disk never changes bytes in place, and the same ones are looked at before and after every effect. */
function decodeOnce(bytes: Uint8Array): LoadedRecord {
  const known = decoded.get(bytes)
  if (known !== undefined) return known
  const loaded = decodeRecord(bytes, storageChecks)
  decoded.set(bytes, loaded)
  return loaded
}

/** The store's own form of the file. Many histories begin alike: what was made of a record once is made of it again. */
export const rememberedForm: RecordForm = {
  encode: (record) => encoded(JSON.stringify(record), () => encodeRecord(record)),
  decode: decodeOnce,
}

/** What the record's file says; null when there is none. */
export function recordIn(bytes: Uint8Array | null): LoadedRecord {
  return bytes === null ? { kind: 'none' } : decodeOnce(bytes)
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
