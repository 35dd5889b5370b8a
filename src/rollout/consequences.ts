import { causeOf, firstLine, outputOf, sentenceOf, UpdaterError } from './errors.ts'
import type { Policy } from './limits.ts'
import type { Failure, Hold, OpenOperation, Quarantine, UpdaterRecord } from './model.ts'

/** A thrown value as it is kept in the record. */
export function failureOf(error: unknown, step: string | null): Failure {
  return {
    code: error instanceof UpdaterError ? error.code : 'engine_failed',
    cause: causeOf(error),
    sentence: [sentenceOf(error), ...outputOf(error)].join('\n'),
    step,
  }
}

/** What a failed operation leaves in the record beside its result (design.md, "Causes, holds, quarantine"). */
export function afterFailure(record: UpdaterRecord, operation: OpenOperation, failure: Failure, policy: Policy, at: string): UpdaterRecord {
  const counts = failure.cause === 'surroundings' || failure.cause === 'interruption'
  const failuresInARow = counts ? record.failuresInARow + 1 : record.failuresInARow
  const pauses = pausesAfter(failure, operation, failuresInARow, policy)
  const holds = pauses ? withHold(record.holds, { reason: `${operation.target.tag}: ${firstLine(failure.sentence)}`, origin: failure.code, since: at }) : record.holds
  return {
    ...record,
    failuresInARow,
    holds: withRequestedPause(holds, operation, at),
    quarantine: failure.cause === 'release'
      ? withQuarantine(record.quarantine, { commit: operation.target.commit, tag: operation.target.tag, reason: firstLine(failure.sentence), since: at })
      : record.quarantine,
    lastFailureAt: at,
  }
}

/** Adds a hold; the same reason is not listed twice. With many of its origin listed it holds anyway, and each write of the record carries them (I9). */
export function withHold(holds: readonly Hold[], hold: Hold): Hold[] {
  const isListed = holds.some(({ reason }) => reason === hold.reason)
  const isOneTooMany = holds.filter(({ origin }) => origin === hold.origin).length >= mostOfOneOrigin
  return isListed || isOneTooMany ? [...holds] : [...holds, hold]
}

/** Nobody reads more. */
const mostOfOneOrigin = 20

/** Turns a pause that was asked for during the operation into a hold. */
export function withRequestedPause(holds: readonly Hold[], operation: OpenOperation, at: string): Hold[] {
  return operation.pauseRequested === null ? [...holds] : withHold(holds, { reason: operation.pauseRequested, origin: 'operator', since: at })
}

/** Adds or renews a commit's quarantine; bounded, the oldest go first (I9). */
export function withQuarantine(quarantine: readonly Quarantine[], added: Quarantine): Quarantine[] {
  return [...quarantine.filter(({ commit }) => commit !== added.commit), added].slice(-quarantineLimit)
}

/** Releases further back than this are far below what runs and never polled again. */
const quarantineLimit = 100

function pausesAfter(failure: Failure, operation: OpenOperation, failuresInARow: number, policy: Policy): boolean {
  switch (failure.cause) {
    case 'release':
      return policy.pauseOnFailure
    case 'surroundings':
    case 'interruption':
      return operation.phase !== 'preparing' || failuresInARow >= policy.surroundingsBeforePause
    case 'integrity':
      return true
    case 'remote':
    case 'operator':
    case 'request':
      return false
  }
}
