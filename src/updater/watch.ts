import { sentenceOf } from '../rollout/errors.ts'
import type { Clock, Log } from '../rollout/ports.ts'

export interface WatchParts {
  readonly clock: Clock
  readonly log: Log
  /** Between two looks when nothing happens, ms. */
  readonly interval: number
  /** Ends it. */
  readonly signal: AbortSignal
  /** Looks once. @returns after how many ms another look is worth while; null: when the next one is due. Never rejects. */
  look(): Promise<number | null>
  /** Whether a change may be anything but the doing of an operation of ours; asked at each. */
  isOurs(): boolean
  /** Tells of changes until the signal aborts or the stream ends (ports.ts, `ContainerRuntime.follow`). */
  follow(onChange: () => void, signal: AbortSignal): Promise<void>
}

/** Looks together cost more than they tell: what changes within this after a first change is seen by one look, ms. */
const gather = 250
/** Between the begins of two looks that changes lead to, ms. */
const looksApart = 1_000
/** Pauses before the changes are asked for again, ms; doubles. */
const reopenFirst = 1_000
const reopenLast = 30_000

/**
 * Looks at the stack at start, every `interval`, and soon after something changed. While changes cannot be had it looks
 * twice as often, so that what fell is up again within the ten seconds of invariants.md all the same.
 */
export class Watch {
  readonly #parts: WatchParts
  #follows = false
  #changed = false
  #wake: () => void = () => undefined
  #dueAt = 0
  #beganAt = -Infinity

  constructor(parts: WatchParts) {
    this.#parts = parts
  }

  /** Resolves when the signal aborts. @param againIn what the look before it answered */
  async run(againIn: number | null): Promise<void> {
    const { clock } = this.#parts
    const following = this.#followForGood()
    this.#plan(againIn)
    while (await this.#untilDue()) {
      this.#changed = false
      this.#beganAt = clock.monotonic()
      this.#plan(await this.#parts.look())
    }
    await following
  }

  /** Something changed that may want a look. */
  changed(): void {
    this.#changed = true
    this.#wake()
  }

  #plan(againIn: number | null): void {
    const interval = this.#follows ? this.#parts.interval : this.#parts.interval / 2
    this.#dueAt = this.#parts.clock.monotonic() + Math.min(againIn ?? interval, interval)
  }

  /** False when it is over. */
  async #untilDue(): Promise<boolean> {
    const { clock, signal } = this.#parts
    if (!this.#changed && !(await this.#nap(this.#dueAt - clock.monotonic()))) return false
    if (!this.#changed) return true
    const pause = Math.max(gather, this.#beganAt + looksApart - clock.monotonic())
    return clock.sleep(pause, signal).then(() => true, () => false)
  }

  /** Ends early at a change. */
  async #nap(milliseconds: number): Promise<boolean> {
    const { clock, signal } = this.#parts
    const end = new AbortController()
    const over = (): void => end.abort('the nap is over')
    if (signal.aborted) return false
    this.#wake = over
    signal.addEventListener('abort', over, { once: true })
    await clock.sleep(Math.max(0, milliseconds), end.signal).catch(() => undefined) // woken, or it is over
    signal.removeEventListener('abort', over)
    this.#wake = () => undefined
    return !signal.aborted
  }

  async #followForGood(): Promise<void> {
    const { clock, log, signal } = this.#parts
    let pause = reopenFirst
    let told = false
    while (!signal.aborted) {
      const heard = (): void => {
        // An engine that is back is no doing of ours: what stayed open without it can go on.
        if (told || !this.#parts.isOurs()) this.changed()
        pause = reopenFirst
        told = false
        this.#follows = true
      }
      const why = await this.#parts.follow(heard, signal).then(() => 'it hung up', sentenceOf)
      this.#follows = false
      if (signal.aborted) return
      if (!told) log.warn(`The engine does not tell of changes any more (${why}). It is asked again; until then the stack is looked at twice as often.`)
      told = true
      await clock.sleep(pause, signal).catch(() => undefined) // it is over
      pause = Math.min(pause * 2, reopenLast)
    }
  }
}
