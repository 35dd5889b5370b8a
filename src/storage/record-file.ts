import { hash } from 'node:crypto'
import type { LoadedRecord, PredecessorState, UpdaterRecord } from '../rollout/model.ts'
import { pauseReasonOf } from '../rollout/pause.ts'
import type { StorageChecks } from './record-schema.ts'

/** Version of the file's form. A reader leaves a file of a higher one untouched (fault 16). */
const recordSchema = 1

/** Keys that older readers know, as api-contract.md names them. */
const predecessorKeys = [
  'active_color', 'last_good_tag', 'paused', 'pause_reason', 'last_checked_at', 'last_attempted_tag', 'last_success_at',
  'last_failure_at', 'resumed_at',
]
/** By these a file is known to be ours, even if one of them was damaged. */
const ownKeys = ['schema', 'sequence', 'checksum', 'record']

/** The file's text: the predecessor's keys at the top for old readers, the record below, a checksum over all of it. */
export function encodeRecord(record: UpdaterRecord): Uint8Array {
  const { sequence, unknownKeys, ...body } = record
  const pauseReason = pauseReasonOf(record) ?? unfinished(record)
  const content = {
    ...without(unknownKeys, [...predecessorKeys, ...ownKeys]),
    active_color: record.activeColor,
    last_good_tag: record.lastGood?.tag ?? null,
    paused: pauseReason !== null,
    pause_reason: pauseReason,
    last_checked_at: record.lastCheckedAt,
    last_attempted_tag: record.lastAttemptedTag,
    last_success_at: record.lastSuccessAt,
    last_failure_at: record.lastFailureAt,
    resumed_at: record.resumedAt,
    schema: recordSchema,
    sequence,
    record: body,
  }
  return Buffer.from(`${JSON.stringify({ ...content, checksum: checksumOf(content) }, null, 2)}\n`)
}

/** Reads what `encodeRecord` or the predecessor wrote. Anything else is `damaged`, never a fresh start. */
export function decodeRecord(bytes: Uint8Array, checks: StorageChecks): LoadedRecord {
  const content = parseObject(bytes)
  if (typeof content === 'string') return damaged(content)
  if (!ownKeys.some((key) => Object.hasOwn(content, key))) return decodePredecessor(content, checks)

  const { schema } = content
  if (typeof schema === 'number' && schema > recordSchema) return { kind: 'newer', schema }
  const { checksum, ...summed } = content
  if (checksum !== checksumOf(summed)) {
    return damaged('its checksum does not match its content: it was damaged, or edited by hand')
  }
  if (!checks.envelope(content)) return damaged(`its content is not a record: ${checks.envelope.reason()}`)
  return {
    kind: 'record',
    record: {
      ...content.record,
      maintenance: content.record.maintenance ?? null,
      topology: content.record.topology ?? null,
      sequence: content.sequence,
      unknownKeys: without(content, [...predecessorKeys, ...ownKeys]),
    },
  }
}

function decodePredecessor(content: Record<string, unknown>, checks: StorageChecks): LoadedRecord {
  if (!predecessorKeys.some((key) => Object.hasOwn(content, key))) return damaged('it holds no key of an updater state')
  if (!checks.predecessor(content)) return damaged(`its content is no updater state: ${checks.predecessor.reason()}`)
  const state: PredecessorState = {
    activeColor: content.active_color ?? null,
    lastGoodTag: content.last_good_tag ?? null,
    paused: content.paused ?? false,
    pauseReason: content.pause_reason ?? null,
    lastCheckedAt: content.last_checked_at ?? null,
    lastAttemptedTag: content.last_attempted_tag ?? null,
    lastSuccessAt: content.last_success_at ?? null,
    lastFailureAt: content.last_failure_at ?? null,
    resumedAt: content.resumed_at ?? null,
    unknownKeys: without(content, predecessorKeys),
  }
  return { kind: 'predecessor', state }
}

/** An open operation counts as paused for whoever reads only this file (I4). */
function unfinished({ operation }: UpdaterRecord): string | null {
  return operation === null ? null : `${operation.kind} of ${operation.target.tag} is not finished (${operation.phase})`
}

function parseObject(bytes: Uint8Array): Record<string, unknown> | string {
  if (bytes.length === 0) return 'it is empty'
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return isObject(parsed) ? parsed : 'it holds no JSON object'
  } catch (error) {
    return `it is not JSON (${error instanceof Error ? error.message : String(error)})`
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function damaged(reason: string): LoadedRecord {
  return { kind: 'damaged', reason }
}

function without(content: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(content).filter(([key]) => !keys.includes(key)))
}

/** Over the meaning, not the layout; `checksum` is written last, so key order survives the round trip. */
function checksumOf(content: Readonly<Record<string, unknown>>): string {
  return `sha256:${hash('sha256', JSON.stringify(content))}`
}
