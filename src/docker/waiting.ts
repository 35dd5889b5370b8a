import { setTimeout as sleep } from 'node:timers/promises'
import { UpdaterError } from '../rollout/errors.ts'

/** A limit by its settings name, so that the error tells which one to change. */
export interface Limit {
  /** `limits.engineCall` */
  readonly name: string
  readonly milliseconds: number
}

/**
 * Runs `body` with a signal that aborts with the caller's or at the limit, and stops waiting then even if the body does
 * not: some engine calls never settle when the engine dies. Lets go of the caller's signal at the end, which
 * `AbortSignal.any` would not do before the next collection.
 * @throws limit_exceeded naming what did not end and the limit; the signal's reason; whatever the body throws
 */
export async function within<T>(limit: Limit, what: string, signal: AbortSignal, body: (signal: AbortSignal) => Promise<T>): Promise<T> {
  throwIfAborted(signal)
  const either = new AbortController()
  const forward = (): void => either.abort(abortReason(signal))
  const expire = (): void => either.abort(new UpdaterError('limit_exceeded', `${what} did not end within ${seconds(limit.milliseconds)} (${limit.name}).`))
  signal.addEventListener('abort', forward, { once: true })
  const timer = setTimeout(expire, limit.milliseconds)
  try {
    return await untilAborted(either.signal, body(either.signal))
  } catch (error) {
    throw either.signal.aborted ? either.signal.reason : error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', forward)
  }
}

/** Why a signal aborted, always as an error of ours. */
export function abortReason(signal: AbortSignal): UpdaterError {
  const reason: unknown = signal.reason
  if (reason instanceof UpdaterError) return reason
  return new UpdaterError('cancelled', 'The wait was ended by its caller.', { cause: reason })
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortReason(signal)
}

/** @throws the signal's reason */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => {
    throw abortReason(signal)
  })
}

function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(abortReason(signal))
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

/** `90 s`, `0.25 s`. */
function seconds(milliseconds: number): string {
  return `${milliseconds / 1000} s`
}
