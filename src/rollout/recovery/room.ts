import type { Context } from '../context.ts'
import { isLost, sentenceOf } from '../errors.ts'
import type { UpdaterRecord } from '../model.ts'
import { managedServices } from '../topology.ts'
import { within } from '../within.ts'
import { failedOnceMore, noTries, type Patience } from './patience.ts'

/**
 * Removes what neither an undo nor a rollback needs (I9): images, checkouts and prepared routes; after each operation, after
 * a start, since nobody knows what the daemon before has left, and now and then for what landed late (faults 2, 21). What
 * fails is tried again, ever more slowly. While recovery holds rollouts nothing is removed: it asks somebody to look, and
 * what a lost record knew (R4) may be all that leads back.
 * @throws authority_lost
 */
export async function makeRoom(context: Context, patience: Patience): Promise<void> {
  const { clock, log } = context.ports
  const { room } = patience
  if (clock.monotonic() < room.notBefore) return
  if (context.journal.record.holds.some(({ origin }) => origin === 'recovery')) return
  const failures = await removeLeftovers(context)
  for (const error of failures) log.warn('Making room failed; it is tried again, ever more slowly.', { error })
  patience.room = failures.length === 0
    ? { ...noTries, notBefore: clock.monotonic() + longestPause }
    : failedOnceMore(room, failures.join(' '), clock.monotonic(), firstPause, longestPause)
}

/** @returns what failed, in sentences */
async function removeLeftovers(context: Context): Promise<string[]> {
  // What another updater has just built is in no keep-set of ours (I5).
  context.ports.authority.check()
  const { clock, router, runtime, source } = context.ports
  const { limits, topology } = context.settings
  const commits = neededCommits(context.journal.record)
  const attempts = await Promise.allSettled([
    router.sweep(),
    within(clock, { name: 'git', milliseconds: limits.git }, 'Removing old checkouts', context.signal, (signal) => source.prune(commits, signal)),
    within(clock, { name: 'engineCall', milliseconds: limits.engineCall }, 'Removing old images', context.signal, (signal) =>
      runtime.prune(commits, managedServices(topology), signal)),
  ])
  return attempts.flatMap((attempt) => {
    if (attempt.status === 'fulfilled') return []
    if (isLost(attempt.reason)) throw attempt.reason
    return [sentenceOf(attempt.reason)]
  })
}

/** What a rollback to the previous release or a restart of what runs may need; nothing is open. */
function neededCommits({ active, lastGood, previous }: UpdaterRecord): ReadonlySet<string> {
  const releases = [active, lastGood, ...previous]
  return new Set(releases.flatMap((release) => (release ? [release.commit] : [])))
}

const firstPause = 60_000
const longestPause = 10 * 60_000
