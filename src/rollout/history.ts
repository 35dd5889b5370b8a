import type { Context } from './context.ts'
import { sentenceOf } from './errors.ts'
import type { HistoryEntry, OpenOperation } from './model.ts'
import { historyEntry } from './results.ts'

/** Adds the operation's outcome, as the record has it, to the history. */
export async function writeHistory(context: Context, operation: OpenOperation): Promise<void> {
  const { lastResult } = context.journal.record
  if (lastResult !== null) await appendHistory(context, historyEntry(operation, lastResult))
}

/** Adds one entry. A history that cannot be written never harms a rollout (fault 44): the outcome is in the record. @throws authority_lost */
export async function appendHistory(context: Context, entry: HistoryEntry): Promise<void> {
  context.ports.authority.check()
  await context.ports.history.append(entry).catch((error: unknown) => {
    context.ports.log.error('The history could not be written; the outcome is in the record.', { error: sentenceOf(error) })
  })
}
