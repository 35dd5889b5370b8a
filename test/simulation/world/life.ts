import type { Clock } from '../../../src/rollout/ports.ts'
import type { VirtualTime } from './virtual-time.ts'

const epoch = Date.parse('2026-11-21T12:00:00.000Z')

/** One process of the daemon. Once it is dead nothing that it waits for ever comes, as after `kill -9`. */
export class Life {
  readonly #time: VirtualTime
  readonly #timers = new Set<() => void>()
  #dead = false

  constructor(time: VirtualTime) {
    this.#time = time
  }

  get dead(): boolean {
    return this.#dead
  }

  end(): void {
    this.#dead = true
    for (const takeBack of this.#timers) takeBack()
    this.#timers.clear()
  }

  /** A call of this process to the outside: the world goes on with it, the process hears of it only while it lives. */
  call<T>(run: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#dead) return
      run().then(
        (value) => {
          if (!this.#dead) resolve(value)
        },
        (error: unknown) => {
          if (!this.#dead) reject(error instanceof Error ? error : new Error(String(error)))
        },
      )
    })
  }

  readonly clock: Clock = {
    now: () => epoch + this.#time.now,
    monotonic: () => this.#time.now,
    sleep: (milliseconds, signal) => this.#sleep(milliseconds, signal),
  }

  #sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#dead) return
      if (signal.aborted) {
        reject(signal.reason)
        return
      }
      const forget = (): void => {
        takeBack()
        this.#timers.delete(takeBack)
        signal.removeEventListener('abort', abort)
      }
      const abort = (): void => {
        forget()
        if (!this.#dead) reject(signal.reason)
      }
      const takeBack = this.#time.after(milliseconds, () => {
        forget()
        resolve()
      })
      this.#timers.add(takeBack)
      signal.addEventListener('abort', abort, { once: true })
    })
  }
}
