import { UpdaterError } from './errors.ts'
import type { Clock } from './ports.ts'

/** A limit by its settings name, so that the error tells which one to change. */
export interface Limit {
  /** Key in `limits` of config/updater.yml. */
  readonly name: string
  readonly milliseconds: number
}

/**
 * Runs `body` with a signal that ends with `signal` or at the limit, and stops waiting then even if the body does not.
 * What the body began may still take effect later; callers look again before they act on it (fault 23).
 * @throws limit_exceeded naming the limit; the signal's reason; whatever the body throws
 */
export function within<T>(
  clock: Clock, limit: Limit, what: string, signal: AbortSignal, body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return withBudget(clock, limit, what, signal, (bounded) => untilAborted(bounded, body(bounded)))
}

/** Like `within`, but waits for the body: at the limit its waits end, and what it has in hand is finished first. */
export async function withBudget<T>(
  clock: Clock, limit: Limit, what: string, signal: AbortSignal, body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const bounded = followerOf(signal)
  const over = new AbortController()
  const timer = clock.sleep(limit.milliseconds, over.signal).then(
    () => bounded.abort(new UpdaterError('limit_exceeded', `${what} did not end within ${seconds(limit.milliseconds)} (limits.${limit.name}).`)),
    () => undefined, // the body ended first
  )
  try {
    return await body(bounded.signal)
  } catch (error) {
    throw bounded.signal.aborted ? reasonOf(bounded.signal, error) : error
  } finally {
    over.abort(bodyEnded)
    bounded.unfollow()
    await timer
  }
}

/** A signal that aborts with another one, or by itself. */
export interface Follower {
  readonly signal: AbortSignal
  abort(reason: unknown): void
  /** Lets go of the other one. What `AbortSignal.any` makes of a signal that lives as long as the daemon stays in memory for as long. */
  unfollow(): void
}

/** Aborts with `signal`, at once if that has already. */
export function followerOf(signal: AbortSignal): Follower {
  const controller = new AbortController()
  const follow = (): void => controller.abort(signal.reason)
  if (signal.aborted) follow()
  else signal.addEventListener('abort', follow, { once: true })
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    unfollow: () => signal.removeEventListener('abort', follow),
  }
}

/** The default reason is an exception with a stack, made anew at every call. */
const bodyEnded = 'the body ended'

/** `90 s`, `0.25 s`. */
export function seconds(milliseconds: number): string {
  return `${milliseconds / 1000} s`
}

/** Settles with `work`, or rejects as soon as the signal aborts, whichever is first. */
export function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

function reasonOf(signal: AbortSignal, error: unknown): unknown {
  const reason: unknown = signal.reason
  if (reason instanceof Error && reason.cause === undefined && error !== reason) reason.cause = error
  return reason
}
