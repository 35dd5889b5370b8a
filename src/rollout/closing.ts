import type { Context } from './context.ts'
import { withHold } from './consequences.ts'
import { firstLine } from './errors.ts'
import { appendHistory, writeHistory } from './history.ts'
import type { Change } from './journal.ts'
import type { Failure, Hold } from './model.ts'
import { closedAfterFailure, finished, historyEntry, previousAfter } from './results.ts'

/** Closes an operation whose old color is gone. @throws storage_failed */
export async function closeFinished(context: Context): Promise<void> {
  await close(context, (record) => (record.operation === null ? record : finished(record, record.operation, now(context))))
}

/**
 * Closes an operation that was undone.
 * @param unwell why the old singletons, put back, are not well; then the undo counts as not verified, and rollouts are held
 * @throws storage_failed
 */
export async function closeUndone(context: Context, failure: Failure, generation: string | null, unwell: string | null): Promise<void> {
  const { operation } = context.journal
  const { policy } = context.settings
  const at = now(context)
  await close(context, (record) => {
    if (unwell === null) {
      const status = operation.phase === 'preparing' ? 'failed' : 'rolled_back'
      return { ...closedAfterFailure(record, operation, failure, status, policy, at), generation }
    }
    const hold: Hold = { reason: `${operation.from.tag} is back, but not well: ${unwell}`, origin: 'singleton_failed', since: at }
    const told = { ...failure, sentence: `${firstLine(failure.sentence)} ${hold.reason}` }
    const held = { ...record, holds: withHold(record.holds, hold) }
    return { ...closedAfterFailure(held, operation, told, 'failed', policy, at), generation }
  })
}

/** Closes an operation whose target goes on serving, because nothing else can (R10): neither a success nor undone. @throws storage_failed */
export async function closeKept(context: Context, failure: Failure, generation: string): Promise<void> {
  const { operation } = context.journal
  const { policy } = context.settings
  await close(context, (record) => {
    const kept = { activeColor: operation.targetColor, active: operation.target, previous: previousAfter(record, operation, policy) }
    return { ...closedAfterFailure({ ...record, ...kept }, operation, failure, 'failed', policy, now(context)), generation }
  })
}

/** The history comes first: a daemon that dies in between finds the operation open, and what it closes it with then replaces the line. */
async function close(context: Context, change: Change): Promise<void> {
  const { operation, record } = context.journal
  const told = change(record).lastResult
  if (told !== null) await appendHistory(context, historyEntry(operation, told))
  await context.journal.commit(change)
  // A pause may have come meanwhile.
  if (context.journal.record.lastResult?.paused !== told?.paused) await writeHistory(context, operation)
}

function now(context: Context): string {
  return new Date(context.ports.clock.now()).toISOString()
}
