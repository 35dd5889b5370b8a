import { oneAtATime } from '../rollout/one-at-a-time.ts'
import { followerOf, type Follower } from '../rollout/within.ts'

/** Everything that changes the world goes through it, one work after the other (I5). What can wait gives way to all else. */
export class Hand {
  readonly #inTurn = oneAtATime()
  #spare: Follower | null = null

  /** Does this in its turn; whatever is done in spare time ends for it. */
  readonly take = <T>(work: () => Promise<T>): Promise<T> => {
    this.#spare?.abort('something else is to be done')
    return this.#inTurn(work)
  }

  /**
   * Does this when nothing else is to be done.
   * @param work its signal aborts with `leaving`, or as soon as anything else is to be done; it has to end then
   */
  async inSpareTime(leaving: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const spare = followerOf(leaving)
    this.#spare = spare
    try {
      await this.#inTurn(() => work(spare.signal))
    } finally {
      spare.unfollow()
      if (this.#spare === spare) this.#spare = null
    }
  }
}
