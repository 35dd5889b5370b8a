import { afterFailure, withQuarantine, withRequestedPause } from './consequences.ts'
import type { Policy } from './limits.ts'
import type { Failure, HistoryEntry, OpenOperation, Release, UpdateResult, UpdaterRecord } from './model.ts'
import { pauseReasonOf } from './pause.ts'
import { stepNames, withCompleted } from './plan.ts'

/** The record at the commit point: the target is what runs, and the caller's answer is in it. */
export function committed(record: UpdaterRecord, operation: OpenOperation, policy: Policy, at: string): UpdaterRecord {
  const { target, from, targetColor, topology } = operation
  const open: OpenOperation = {
    ...operation,
    phase: 'retiring',
    step: stepNames.commit,
    stepsCompleted: withCompleted(operation.stepsCompleted, [stepNames.commit], topology, targetColor),
  }
  const freed = record.quarantine.filter(({ commit }) => commit !== target.commit)
  const next: UpdaterRecord = {
    ...record,
    activeColor: targetColor,
    active: target,
    topology,
    lastGood: target,
    previous: previousAfter(record, operation, policy),
    generation: operation.generations?.target ?? record.generation,
    // The next poll must not bring back what an operator left (design.md).
    quarantine: operation.kind === 'rollback'
      ? withQuarantine(freed, { commit: from.commit, tag: from.tag, reason: 'an operator rolled back from it', since: at })
      : freed,
    failuresInARow: 0,
    lastSuccessAt: at,
    operation: open,
  }
  return { ...next, lastResult: resultOf(next, open, 'success', null, at) }
}

/** The record after the old color is gone. */
export function finished(record: UpdaterRecord, operation: OpenOperation, at: string): UpdaterRecord {
  const closed: UpdaterRecord = { ...record, operation: null, holds: withRequestedPause(record.holds, operation, at) }
  const completedAt = record.lastResult?.operationId === operation.id ? record.lastResult.completedAt : at
  return { ...closed, lastResult: resultOf(closed, operation, 'success', null, completedAt) }
}

/** The record after an operation that did not reach its commit point. */
export function closedAfterFailure(
  record: UpdaterRecord, operation: OpenOperation, failure: Failure, status: 'failed' | 'rolled_back', policy: Policy, at: string,
): UpdaterRecord {
  const closed = { ...afterFailure(record, operation, failure, policy, at), operation: null }
  return { ...closed, lastResult: resultOf(closed, operation, status, failure.sentence, at) }
}

/** The releases that can be gone back to once the target is what runs, newest first; bounded (I9). */
export function previousAfter(record: UpdaterRecord, { from, target }: OpenOperation, policy: Policy): Release[] {
  const seen = new Set([target.commit])
  const earlier = [from, ...record.previous].filter(({ commit }) => {
    if (seen.has(commit)) return false
    seen.add(commit)
    return true
  })
  return earlier.slice(0, Math.max(policy.keepReleases - 1, 1))
}

/** The outcome in the words of the wire contract. */
export function resultOf(
  record: UpdaterRecord, operation: OpenOperation, status: UpdateResult['status'], error: string | null, at: string,
): UpdateResult {
  return {
    operationId: operation.id,
    status,
    previousSha: shaOf(operation.from),
    newSha: shaOf(operation.target),
    activeColor: record.activeColor,
    targetColor: operation.targetColor,
    paused: pauseReasonOf(record) !== null,
    pauseReason: pauseReasonOf(record),
    stepsCompleted: operation.stepsCompleted,
    error,
    warnings: operation.warnings,
    durationSeconds: Math.max(0, Date.parse(at) - Date.parse(operation.startedAt)) / 1000,
    startedAt: operation.startedAt,
    completedAt: at,
  }
}

/** The history's line about an operation (api-contract.md, `GET /update/history`). */
export function historyEntry(operation: OpenOperation, result: UpdateResult): HistoryEntry {
  const rollback = operation.kind === 'rollback'
  return {
    tag: rollback ? `rollback:${operation.target.commit.slice(0, 12)}` : operation.target.tag,
    version: rollback ? 'rollback' : operation.target.version,
    result,
    timestamp: result.completedAt,
  }
}

/** A commit as callers may see it: an adopted stack has none. */
function shaOf(release: Release): string | null {
  return /^[0-9a-f]{40}$/.test(release.commit) ? release.commit : null
}
