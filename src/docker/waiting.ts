import { setTimeout as sleep } from 'node:timers/promises'
import { UpdaterError } from '../rollout/errors.ts'

/** Why a signal aborted, always as an error of ours. */
export function abortReason(signal: AbortSignal): UpdaterError {
  const reason: unknown = signal.reason
  if (reason instanceof UpdaterError) return reason
  return new UpdaterError('cancelled', 'The wait was ended by its caller.', { cause: reason })
}

export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortReason(signal)
}

/** Settles with `work`, or rejects as soon as the signal aborts: some engine calls never settle when the engine dies. */
export function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(abortReason(signal))
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

/** @throws the signal's reason */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => {
    throw abortReason(signal)
  })
}

/** `90 s`, `0.25 s`. */
export function seconds(milliseconds: number): string {
  return `${milliseconds / 1000} s`
}
