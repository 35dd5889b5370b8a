import type { OpenOperation, UpdaterRecord } from '../rollout/model.ts'
import { pauseReasonOf } from '../rollout/pause.ts'
import type { PollingStatus, State, Status } from './service.ts'

/** What the status is told from; the record is null until a stack was taken over. */
export interface StatusSource {
  readonly record: UpdaterRecord | null
  /** An operation was taken on and is not over, be it recorded yet or not. */
  readonly busy: { readonly kind: 'apply' | 'rollback'; readonly what: string } | null
  readonly uptimeSeconds: number
  readonly observing: string | null
  /** Why rollouts count as paused without a hold; null when that is not so. */
  readonly pausedAnyway: string | null
  readonly findings: readonly string[]
  readonly polling: PollingStatus
}

/** The status in one piece (I11). */
export function statusOf({ record, busy, uptimeSeconds, observing, pausedAnyway, findings, polling }: StatusSource): Status {
  const operation = record?.operation ?? null
  const pauseReason = (record === null ? null : pauseReasonOf(record)) ?? pausedAnyway
  return {
    state: stateOf(operation, busy),
    currentOperation: currentOperation(operation, busy),
    operation,
    lastResult: record?.lastResult ?? null,
    uptimeSeconds,
    activeColor: record?.activeColor ?? null,
    active: record?.active ?? null,
    previous: record?.previous ?? [],
    paused: pauseReason !== null,
    pauseReason,
    holds: record?.holds ?? [],
    maintenance: record?.maintenance ?? null,
    quarantine: record?.quarantine ?? [],
    lastCheckedAt: record?.lastCheckedAt ?? null,
    lastAttemptedTag: record?.lastAttemptedTag ?? null,
    lastGoodTag: record?.lastGood?.tag ?? null,
    lastSuccessAt: record?.lastSuccessAt ?? null,
    lastFailureAt: record?.lastFailureAt ?? null,
    resumedAt: record?.resumedAt ?? null,
    observing,
    findings,
    polling,
    lastBuildBytes: record?.lastBuildBytes ?? 0,
  }
}

function stateOf(operation: OpenOperation | null, busy: StatusSource['busy']): State {
  if (operation !== null) return operation.kind === 'rollback' || operation.failure !== null ? 'rolling_back' : 'updating'
  if (busy === null) return 'idle'
  return busy.kind === 'rollback' ? 'rolling_back' : 'updating'
}

function currentOperation(operation: OpenOperation | null, busy: StatusSource['busy']): string | null {
  if (operation === null) return busy?.what ?? null
  const doing = operation.failure === null ? (operation.step ?? operation.phase) : `undoing after ${operation.failure.step ?? 'a failure'}`
  return `${operation.kind} ${operation.target.tag}: ${doing}`
}
