/** Runs one piece of work at a time, in the order of asking: the one hand inside this process (I5). */
export class Exclusive {
  #last: Promise<unknown> = Promise.resolve()

  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => undefined) // its caller hears of it
    return turn
  }
}
