import type { Clock } from '../../../src/rollout/ports.ts'
import { Life } from '../../simulation/world/life.ts'
import { VirtualTime } from '../../simulation/world/virtual-time.ts'

/** A clock that goes from one wait to the next as long as somebody is driven. */
export interface DrivenClock extends Clock {
  /** Lets time pass until the promise settles. @throws when nothing is waited for */
  drive<T>(promise: Promise<T>): Promise<T>
}

export function drivenClock(): DrivenClock {
  const time = new VirtualTime()
  return {
    ...new Life(time).clock,
    async drive(promise) {
      let settled = false
      const end = (): void => {
        settled = true
      }
      promise.then(end, end)
      for (;;) {
        await new Promise((resolve) => {
          setImmediate(resolve)
        })
        if (settled) return promise
        if (!time.advance()) throw new Error('everybody waits, nothing will come')
      }
    },
  }
}
