interface Timer {
  readonly at: number
  readonly order: number
  readonly fire: () => void
}

/** Time that stands still until somebody moves it: from one timer to the next, never past one. */
export class VirtualTime {
  #now = 0
  #order = 0
  readonly #timers: Timer[] = []

  /** Milliseconds since the world began. */
  get now(): number {
    return this.#now
  }

  /** In how many ms each waiting timer goes off, the next one first. */
  get pending(): number[] {
    return this.#timers.map(({ at }) => at - this.#now)
  }

  /** Calls `fire` once that much time has passed. Returns how to take it back. */
  after(milliseconds: number, fire: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, milliseconds), order: this.#order, fire }
    this.#order += 1
    const place = this.#timers.findIndex((other) => other.at > timer.at)
    this.#timers.splice(place === -1 ? this.#timers.length : place, 0, timer)
    return () => {
      const index = this.#timers.indexOf(timer)
      if (index !== -1) this.#timers.splice(index, 1)
    }
  }

  pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(milliseconds, resolve)
    })
  }

  /** Nothing that was waited for comes any more. */
  forgetAll(): void {
    this.#timers.length = 0
  }

  /** Moves to the next timer and lets it go off. False when nobody waits for anything. */
  advance(): boolean {
    const timer = this.#timers.shift()
    if (timer === undefined) return false
    this.#now = timer.at
    timer.fire()
    return true
  }
}
