import type { UpdaterRecord } from '../../src/rollout/model.ts'
import type { Life } from './world/life.ts'

/** What daemons know of the record on the disk: what they may do with it is judged by that. */
export class Knowledge {
  readonly #holder: () => Life | null
  /**
   * Daemons that were told that their write of the commit point failed, and of no later one that succeeded. Each for
   * itself: whoever took over has read what is on the disk, and what another daemon still fails to write is refused to it.
   */
  readonly #undetermined = new Set<Life>()
  /** Holds that the daemon in charge knows to be durable, or found at its start. */
  #holds: readonly string[] = []
  /** The operation whose commit point it knows to be durable. */
  #committed: string | null = null

  constructor(holder: () => Life | null) {
    this.#holder = holder
  }

  get holds(): readonly string[] {
    return this.#holds
  }

  /** Id of the operation whose commit point is known to be durable; null when none is. */
  get committed(): string | null {
    return this.#committed
  }

  /** Whether this daemon cannot know which color the record on the disk names. */
  isUndetermined(life: Life | null): boolean {
    return life !== null && this.#undetermined.has(life)
  }

  /** A daemon was told that a write failed; whether it reached the disk is not for it to know. */
  writeFailed(life: Life, { operation }: UpdaterRecord): void {
    if (operation?.phase === 'retiring') this.#undetermined.add(life)
  }

  /** A daemon knows that this is on the disk: it wrote or read it. One that hears so only after another took over knows nothing. */
  known(life: Life, { operation, holds }: UpdaterRecord): void {
    this.#undetermined.delete(life)
    if (life !== this.#holder()) return
    this.#committed = operation?.phase === 'retiring' ? operation.id : null
    this.#holds = holds.map(({ reason }) => reason)
  }
}
