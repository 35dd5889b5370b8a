/** Operations that were refused, so that they can still be asked for by id; bounded, the oldest go first (I9). */
export class Refusals {
  readonly #refused = new Map<string, Error>()

  add(id: string, error: Error): void {
    this.#refused.set(id, error)
    const [oldest] = this.#refused.keys()
    if (this.#refused.size > limit && oldest !== undefined) this.#refused.delete(oldest)
  }

  of(id: string): Error | undefined {
    return this.#refused.get(id)
  }
}

const limit = 100
