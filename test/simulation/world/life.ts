import type { Clock } from '../../../src/rollout/ports.ts'
import type { VirtualTime } from './virtual-time.ts'

const epoch = Date.parse('2026-11-21T12:00:00.000Z')

/** One process of the daemon. Once it is dead nothing that it waits for ever comes, as after `kill -9`. */
export class Life {
  readonly #time: VirtualTime
  readonly #timers = new Set<() => void>()
  #dead = false
  /** What came while it was stopped; null while it runs. */
  #held: (() => void)[] | null = null

  constructor(time: VirtualTime) {
    this.#time = time
  }

  get dead(): boolean {
    return this.#dead
  }

  /** It lives and is not stopped. */
  get hears(): boolean {
    return !this.#dead && this.#held === null
  }

  get frozen(): boolean {
    return this.#held !== null
  }

  /** SIGSTOP: the world goes on, and it hears of nothing. */
  freeze(): void {
    this.#held ??= []
  }

  /** SIGCONT: it hears of all at once. */
  thaw(): void {
    const held = this.#held ?? []
    this.#held = null
    for (const hear of held) this.#hear(hear)
  }

  end(): void {
    this.#dead = true
    this.#held = null
    for (const takeBack of this.#timers) takeBack()
    this.#timers.clear()
  }

  /** A call of this process to the outside: the world goes on with it, the process hears of it only while it lives. */
  call<T>(run: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#dead) return
      run().then(
        (value) => {
          if (this.hears) resolve(value)
          else this.#hear(() => resolve(value))
        },
        (error: unknown) => this.#hear(() => reject(error instanceof Error ? error : new Error(String(error)))),
      )
    })
  }

  #hear(what: () => void): void {
    if (this.#dead) return
    if (this.#held === null) what()
    else this.#held.push(what)
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
      const takeBack = this.#time.after(milliseconds, () => this.#hear(() => {
        forget()
        resolve()
      }))
      this.#timers.add(takeBack)
      signal.addEventListener('abort', abort, { once: true })
    })
  }
}
