interface Timer {
  readonly at: number
  readonly fire: () => void
}

/** Time that stands still until somebody moves it: from one timer to the next, never past one. */
export class VirtualTime {
  #now = 0
  /** The next one last; of two for the same moment the earlier asked for goes off first. A dozen at a time, so that a heap would be slower. */
  readonly #timers: Timer[] = []
  /** Ms by which the next timer is late; none are unless a test says so. A machine under load has late timers, never early ones. */
  lag: () => number = () => 0

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
    const timers = this.#timers
    const timer = { at: this.#now + Math.max(0, milliseconds) + this.lag(), fire }
    let place = timers.length
    for (let next = timers[place - 1]; next !== undefined && next.at <= timer.at; next = timers[place - 1]) place -= 1
    timers.splice(place, 0, timer)
    return () => {
      const index = timers.indexOf(timer)
      if (index !== -1) timers.splice(index, 1)
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
    const timer = this.#timers.pop()
    if (timer === undefined) return false
    this.#now = timer.at
    timer.fire()
    return true
  }
}
