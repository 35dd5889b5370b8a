import type { Clock } from '../../../src/rollout/ports.ts'

/** A clock that stands still until the test moves it. */
export interface HandClock extends Clock {
  /** Moves on, waking sleepers in order, each at its own moment. */
  advance(milliseconds: number): Promise<void>
  /** Somebody sets the wall clock on, or back; no time passes. */
  set(by: number): void
  readonly sleepers: number
}

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

export function handClock(start: string): HandClock {
  let now = Date.parse(start)
  let set = 0
  const sleepers = new Set<Sleeper>()
  return {
    now: () => now + set,
    monotonic: () => now,
    get sleepers() {
      return sleepers.size
    },
    sleep(milliseconds, signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        const end = (): void => {
          sleepers.delete(sleeper)
          reject(signal.reason)
        }
        const sleeper: Sleeper = {
          at: now + milliseconds,
          wake: () => {
            signal.removeEventListener('abort', end)
            resolve()
          },
        }
        sleepers.add(sleeper)
        signal.addEventListener('abort', end)
      })
    },
    set(by) {
      set += by
    },
    async advance(milliseconds) {
      const end = now + milliseconds
      await settled()
      for (let next = earliest(sleepers, end); next !== null; next = earliest(sleepers, end)) {
        now = next.at
        sleepers.delete(next)
        next.wake()
        await settled()
      }
      now = end
      await settled()
    },
  }
}

function earliest(sleepers: ReadonlySet<Sleeper>, end: number): Sleeper | null {
  const due = [...sleepers].filter((sleeper) => sleeper.at <= end).sort((left, right) => left.at - right.at)
  return due[0] ?? null
}

/** Everything that can go on without time passing has gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => setImmediate(resolve))
  })
}
