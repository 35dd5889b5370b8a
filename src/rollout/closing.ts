import type { Context } from './context.ts'
import { withHold } from './consequences.ts'
import { firstLine, isLost, sentenceOf } from './errors.ts'
import { appendHistory, writeHistory } from './history.ts'
import type { Change } from './journal.ts'
import type { Failure, Hold, KeepSet, UpdaterRecord } from './model.ts'
import { closedAfterFailure, finished, historyEntry, previousAfter } from './results.ts'
import { managedServices } from './topology.ts'
import { within } from './within.ts'

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

/** Makes room: images, checkouts and staged routes that neither an undo nor a rollback needs. Best effort; told when it fails. @throws authority_lost */
export async function tidy(context: Context): Promise<void> {
  // What another updater has just built is in no keep-set of ours (I5).
  context.ports.authority.check()
  const { clock, router, runtime, source, log } = context.ports
  const { limits, topology } = context.settings
  const { record } = context.journal
  const keep = keepSetOf(record)
  const generations = record.operation?.generations
  const attempts = await Promise.allSettled([
    router.sweep(generations ? [generations.back, generations.target] : []),
    within(clock, { name: 'git', milliseconds: limits.git }, 'Removing old checkouts', context.signal, (signal) => source.prune(keep.commits, signal)),
    within(clock, { name: 'engineCall', milliseconds: limits.engineCall }, 'Removing old images', context.signal, (signal) =>
      runtime.prune(keep, managedServices(topology), signal)),
  ])
  for (const attempt of attempts) {
    if (attempt.status !== 'rejected') continue
    if (isLost(attempt.reason)) throw attempt.reason
    log.warn('Making room failed; it is tried again after the next operation.', { error: sentenceOf(attempt.reason) })
  }
}

/** What an undo, a rollback to the previous release or a restart of what runs may need. */
function keepSetOf(record: UpdaterRecord): KeepSet {
  const releases = [record.active, record.lastGood, ...record.previous, record.operation?.from, record.operation?.target]
  return {
    commits: new Set(releases.flatMap((release) => (release ? [release.commit] : []))),
    operations: new Set(record.operation === null ? [] : [record.operation.id]),
  }
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
