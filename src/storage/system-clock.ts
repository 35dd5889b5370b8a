import type { Clock } from '../rollout/ports.ts'

/** The machine's time. `monotonic` and `sleep` do not follow a wall clock that is set (fault 20). */
export function createSystemClock(): Clock {
  return { now: () => Date.now(), monotonic: () => performance.now(), sleep }
}

/** Longest wait that one timer of Node takes; beyond it, it would fire at once. */
const longestTimer = 2 ** 31 - 1

async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  const end = performance.now() + milliseconds
  let left = milliseconds
  do {
    // A timer counts whole milliseconds from the last one that began: it fires up to one early.
    await wait(Math.min(left, longestTimer), signal)
    left = end - performance.now()
  } while (left > 0)
}

function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason)
      return
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }, milliseconds)
    const onAbort = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
