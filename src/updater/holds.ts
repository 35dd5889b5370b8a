import { withHold } from '../rollout/consequences.ts'
import { UpdaterError, sentenceOf } from '../rollout/errors.ts'
import { changeOperation, type Change, type Journal } from '../rollout/journal.ts'
import type { Hold, Maintenance, UpdaterRecord } from '../rollout/model.ts'

/** Pauses now; the open operation, if there is one, knows that it was asked for while it ran. @throws not_durable */
export function pauseDurably(journal: Journal, hold: Hold): Promise<void> {
  const request = changeOperation((operation) => ({ ...operation, pauseRequested: hold.reason }))
  return durably(journal, 'Not paused', (record) => ({ ...request(record), holds: withHold(record.holds, hold) }))
}

/** Adds a hold unless one with its reason stands. @throws not_durable */
export async function holdDurably(journal: Journal, hold: Hold): Promise<void> {
  if (journal.record.holds.some(({ reason }) => reason === hold.reason)) return
  await durably(journal, 'Not paused', (record) => ({ ...record, holds: withHold(record.holds, hold) }))
}

/** Clears holds and the count of failures; quarantine stays. @param later holds that came after the wish, and stay @throws not_durable */
export function resumeDurably(journal: Journal, at: string, later: (record: UpdaterRecord) => Hold[]): Promise<void> {
  return durably(journal, 'Still paused', (record) => ({ ...record, holds: later(record), failuresInARow: 0, resumedAt: at }))
}

/** Sets maintenance mode. @throws not_durable */
export function setMaintenance(journal: Journal, maintenance: Maintenance): Promise<void> {
  return durably(journal, 'Not in maintenance mode', (record) => ({ ...record, maintenance }))
}

/** Leaves the maintenance mode that was found; one that was asked for since stays. @throws not_durable */
export function leaveMaintenance(journal: Journal, found: Maintenance): Promise<void> {
  return durably(journal, 'Still in maintenance mode', (record) => (record.maintenance === found ? { ...record, maintenance: null } : record))
}

/** Why an unpause ended before it could clear anything, as its caller is told (api-contract.md, `POST /update/unpause`). */
export function stillPaused(error: unknown): unknown {
  if (!(error instanceof UpdaterError) || error.code === 'authority_lost' || error.code === 'shutting_down') return error
  const code = error.code === 'storage_failed' ? 'not_durable' : 'inconsistent'
  return new UpdaterError(code, `Still paused: ${error.message}`, { cause: error, details: { ...error.details } })
}

async function durably(journal: Journal, otherwise: string, change: Change): Promise<void> {
  try {
    await journal.commit(change)
  } catch (error) {
    throw new UpdaterError('not_durable', `${otherwise}, because that could not be written: ${sentenceOf(error)}`, { cause: error })
  }
}
