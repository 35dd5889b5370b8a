import type { Context } from '../context.ts'
import { isRunning, look } from '../engine.ts'
import { isLost, sentenceOf } from '../errors.ts'
import type { UpdaterRecord } from '../model.ts'
import { managedServices } from '../topology.ts'
import { untilAborted, within } from '../within.ts'
import { failedOnceMore, noTries, type Patience } from './patience.ts'

/** An operation, or a daemon before this one, may have left something. */
export function wantRoom(patience: Patience): void {
  patience.room = noTries
  patience.roomMade = 0
}

/**
 * Whether it is time to remove what is left over. Never while recovery holds rollouts: it asks somebody to look, and what a
 * lost record knew (R4) may be all that leads back.
 */
export function isRoomDue(record: UpdaterRecord, { room }: Patience, now: number): boolean {
  return now >= room.notBefore && record.operation === null && record.maintenance === null && !isHeldByRecovery(record)
}

/**
 * Removes what neither an undo nor a rollback needs (I9): images, checkouts and prepared routes; after each operation, after
 * a start, since nobody knows what the daemon before has left, and ever more rarely for what landed late (faults 2, 21). What
 * fails is tried again, ever more slowly. Gives way when the context's signal aborts, and is due as before then: what it
 * has asked for may still land, which harms nobody.
 * @throws authority_lost
 */
export async function makeRoom(context: Context, patience: Patience): Promise<void> {
  const { clock, log } = context.ports
  const failures = await removeLeftovers(context)
  if (context.signal.aborted) return
  for (const error of failures) log.warn('Making room failed; it is tried again, ever more slowly.', { error })
  const now = clock.monotonic()
  if (failures.length > 0) {
    patience.room = failedOnceMore(patience.room, failures.join(' '), now, firstPause, longestPause)
    return
  }
  patience.room = { ...noTries, notBefore: now + Math.min(longestPause * 2 ** patience.roomMade, rarest) }
  patience.roomMade += 1
}

/** What could not be removed, for people. */
export function leftOver(record: UpdaterRecord, { room }: Patience): string[] {
  if (room.why === null) return []
  const next = isHeldByRecovery(record) ? 'It is tried again when rollouts are unpaused.' : 'It is tried again, ever more slowly.'
  return [`What no release needs any more could not be removed, and takes up disk: ${room.why} ${next}`]
}

/** @returns what failed, in sentences */
async function removeLeftovers(context: Context): Promise<string[]> {
  const { clock, router, runtime, source } = context.ports
  const { limits, topology } = context.settings
  const services = managedServices(topology)
  let commits: ReadonlySet<string>
  try {
    commits = await neededCommits(context, services)
  } catch (error) {
    return [sentenceOf(error)]
  }
  // Not before the look, which takes its time: what another updater has built meanwhile is nothing that we know is needed (I5).
  context.ports.authority.check()
  // Nothing is begun once it had to give way: what comes next may prepare routes of its own.
  if (context.signal.aborted) return []
  const attempts = await Promise.allSettled([
    untilAborted(context.signal, router.sweep(context.signal)),
    within(clock, { name: 'git', milliseconds: limits.git }, 'Removing old checkouts', context.signal, (signal) => source.prune(commits, signal)),
    within(clock, { name: 'engineCall', milliseconds: limits.engineCall }, 'Removing old images', context.signal, (signal) => runtime.prune(commits, services, signal)),
  ])
  return attempts.flatMap((attempt) => {
    if (attempt.status === 'fulfilled') return []
    if (isLost(attempt.reason)) throw attempt.reason
    return [sentenceOf(attempt.reason)]
  })
}

/**
 * What a rollback to the previous release or a restart of what runs may need; nothing is open. What runs counts whatever the
 * record says: somebody may have replaced it by hand, or put an older state directory back.
 */
async function neededCommits(context: Context, services: readonly string[]): Promise<ReadonlySet<string>> {
  const { active, lastGood, previous } = context.journal.record
  const running = (await look(context, services)).filter(isRunning)
  return new Set([
    ...[active, lastGood, ...previous].flatMap((release) => (release ? [release.commit] : [])),
    ...running.flatMap(({ commit }) => commit ?? []),
  ])
}

function isHeldByRecovery({ holds }: UpdaterRecord): boolean {
  return holds.some(({ origin }) => origin === 'recovery')
}

const firstPause = 60_000
const longestPause = 10 * 60_000
/** Nothing is left over by itself: a day apart they do no harm to builds of others, whose cache the engine keeps together with ours. */
const rarest = 24 * 3_600_000
