import type { Happening } from '../rollout/context.ts'
import type { Clock, Log } from '../rollout/ports.ts'
import type { RolloutEvent } from './service.ts'

/** Tells what happens, to the log and to whoever subscribed. */
export class Announcements {
  readonly #clock: Clock
  readonly #log: Log
  readonly #listeners = new Set<(event: RolloutEvent) => void>()

  constructor(clock: Clock, log: Log) {
    this.#clock = clock
    this.#log = log
  }

  /** @returns ends the subscription */
  subscribe(listener: (event: RolloutEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  tell(operationId: string, happening: Happening | Omit<RolloutEvent, 'at' | 'operationId'>): void {
    const event: RolloutEvent = { ...happening, at: new Date(this.#clock.now()).toISOString(), operationId }
    const { kind, step, message, durationMs } = event
    if (kind !== 'progress') this.#log.info(message, { event: kind, step, operation: operationId, durationMs })
    for (const listener of this.#listeners) listener(event)
  }
}
