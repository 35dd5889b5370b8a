import { statSync } from 'node:fs'
import { mkdir, realpath, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { lock } from 'proper-lockfile'
import { sentenceOf, UpdaterError } from '../rollout/errors.ts'
import type { Authority } from '../rollout/ports.ts'
import { holdSocket } from './lock-socket.ts'
import type { HeldSocket } from './lock-socket.ts'

export interface HandOptions {
  readonly stateDirectory: string
  /** The live routes file; two state directories on one stack meet beside it. */
  readonly routesPath: string
}

/** The right to change the world, until it is released or lost. */
export interface Hand extends Authority {
  /** Gives it up. Does nothing where it was lost: what lies there then belongs to another. */
  release(): Promise<void>
}

/**
 * Makes this process the one hand (I5).
 *
 * The hand is a listening unix socket in the state directory, and a second one beside the routes file's directory.
 * Whoever can connect knows that the holder lives, a holder stopped by SIGSTOP included: it is never taken over from
 * (fault 19). A refused connection means that the holder's process is gone: its socket is taken over at once. No
 * clock is involved (fault 20). proper-lockfile makes the taking itself exclusive; should two get through there all the
 * same, the later one replaces the earlier one's socket, and the earlier one's next `check` sees that.
 * @throws authority_lost when another updater holds it; storage_failed when a socket cannot be made there
 */
export async function takeHand(options: HandOptions): Promise<Hand> {
  const places: readonly Place[] = [
    { socket: '.updater.sock', directory: options.stateDirectory, of: 'state directory' },
    { socket: '.updater-routes.sock', directory: dirname(dirname(options.routesPath)), of: 'routes file' },
  ]
  const held: HeldSocket[] = []
  try {
    for (const place of places) held.push(await take(place))
  } catch (error) {
    await releaseAll(held)
    throw error
  }
  return {
    check: () => held.forEach((socket) => socket.check()),
    release: () => releaseAll(held),
  }
}

interface Place {
  readonly directory: string
  readonly socket: string
  readonly of: string
}

async function take(place: Place): Promise<HeldSocket> {
  try {
    await mkdir(place.directory, { recursive: true })
    const directory = await realpath(place.directory)
    const giveBack = await guardTaking(join(directory, `${place.socket}.taking`))
    try {
      return await holdSocket(directory, place.socket, place.of)
    } finally {
      await giveBack()
    }
  } catch (error) {
    if (error instanceof UpdaterError) throw error
    throw new UpdaterError('storage_failed', `The updater cannot make sure that it is the only one: ${place.directory} is not writable (${sentenceOf(error)}). Mend it and restart.`, { cause: error })
  }
}

/**
 * Keeps two starting updaters apart for the moment of the taking. One that was killed in it is waited out (2 s, the least
 * that proper-lockfile knows). Whoever holds the guard touches it every second; one whose time stays the same through all of
 * the waiting is nobody's, however young a clock that was set back makes it look (fault 20).
 */
async function guardTaking(path: string): Promise<() => Promise<void>> {
  const touched = touchedAt(path)
  try {
    return await waitForGuard(path)
  } catch (error) {
    if (!isLocked(error)) throw error
    if (touched === null || touchedAt(path) !== touched) throw startingElsewhere(path, error)
    await rm(path, { recursive: true, force: true })
    return await waitForGuard(path)
  }
}

async function waitForGuard(path: string): Promise<() => Promise<void>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // Never thrown from a timer; the sockets' own check tells who holds what.
      const unlock = await lock(path, { realpath: false, lockfilePath: path, stale, onCompromised: () => undefined })
      return () => unlock().catch(ignoreReleased)
    } catch (error) {
      // A full disk may have no room for the guard's directory, but a restart there must still bring the traffic back
      // (I10). Without the guard the sockets' own check tells two takers apart.
      if (isFull(error)) return () => Promise.resolve()
      if (!isLocked(error) || attempt === attempts) throw error
    }
    await setTimeout(betweenAttempts)
  }
}

function touchedAt(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null
}

/** After this proper-lockfile takes a guard that nobody touched as left behind, ms: the updater's next start waits for it. */
const stale = 2_000
/** Together well above `stale`. */
const attempts = 20
const betweenAttempts = 200

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
}

function isLocked(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ELOCKED'
}

function startingElsewhere(path: string, cause: unknown): UpdaterError {
  return new UpdaterError('authority_lost', `Another updater has been starting on ${dirname(path)} for a while; this one changes nothing. Stop the other one first.`, { cause })
}

/** A guard that was compromised is released already. */
function ignoreReleased(error: unknown): void {
  if (error instanceof Error && 'code' in error && (error.code === 'ERELEASED' || error.code === 'ENOTACQUIRED')) return
  throw error
}

async function releaseAll(held: readonly HeldSocket[]): Promise<void> {
  for (const socket of held.toReversed()) await socket.release()
}
