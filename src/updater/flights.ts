import type { Context } from '../rollout/context.ts'
import { firstLine, isLost, type UpdaterError } from '../rollout/errors.ts'
import type { Journal } from '../rollout/journal.ts'
import type { Log, Random } from '../rollout/ports.ts'
import { untilAborted } from '../rollout/within.ts'
import type { Announcements } from './announcements.ts'
import { Flight } from './flight.ts'
import type { Lookout } from './lookout.ts'
import { alreadyInProgress } from './obstacles.ts'
import { carryOutWish, type Wish } from './operation.ts'
import { Refusals } from './refusals.ts'
import type { Started } from './service.ts'

export interface FlightsParts {
  readonly ports: { readonly random: Random; readonly log: Log }
  readonly lookout: Lookout
  readonly announcements: Announcements
  /** Aborts when the daemon leaves. */
  readonly leaving: AbortSignal
  /** Everything that changes the world goes through it (I5). */
  hand(work: () => Promise<void>): Promise<void>
  contextOf(journal: Journal, signal: AbortSignal, flight: Flight): Context
  /** What the status says is being done. */
  doing(): string | null
  /** One is over; what it left open is the watch's to bring to its end. */
  ended(): void
  /** Another daemon took over (I5). */
  readonly authorityLost: (error: UpdaterError) => void
}

/** The operations that are taken on: one at a time, each kept until it is closed. */
export class Flights {
  readonly refusals = new Refusals()
  readonly #parts: FlightsParts
  #current: Flight | null = null

  constructor(parts: FlightsParts) {
    this.#parts = parts
  }

  /** The one under way; null when there is none. */
  get current(): Flight | null {
    return this.#current
  }

  /** An operation runs, or is open and waits for what keeps it from its end. */
  get isBusy(): boolean {
    return this.#current !== null || (this.#parts.lookout.record?.operation ?? null) !== null
  }

  /** Takes a wish on. @throws in_progress */
  takeOff(wish: Wish): Started {
    const { ports, lookout, announcements, leaving } = this.#parts
    const journal = lookout.mustHaveJournal()
    if (this.isBusy) throw this.inProgress()
    const flight = new Flight(ports.random.token().slice(0, 16), wish)
    this.#current = flight
    announcements.tell(flight.id, { kind: 'opened', step: null, message: flight.what, durationMs: null })
    const work = this.#parts.hand(() => carryOutWish({
      id: flight.id,
      wish,
      context: this.#parts.contextOf(journal, AbortSignal.any([flight.signal, leaving]), flight),
      lasting: this.#parts.contextOf(journal, leaving, flight),
      patience: lookout.patience,
      opened: () => flight.opened(),
      failedStep: () => flight.failedStep,
      answer: (result) => {
        flight.answer(result)
        announcements.tell(flight.id, { kind: 'ended', step: null, message: firstLine(result.error ?? result.status), durationMs: null })
      },
    }))
    flight.finishWith(work.catch((error: unknown) => this.#failed(flight, error)).finally(() => {
      this.#current = null
      announcements.tell(flight.id, { kind: 'closed', step: null, message: flight.what, durationMs: null })
      this.#parts.ended()
    }))
    return { operationId: flight.id, begun: flight.begun, outcome: flight.outcome, finished: flight.finished }
  }

  /** Turns it round, or lets it finish after its commit point, and waits for its end. */
  async end(flight: Flight, reason: UpdaterError): Promise<void> {
    flight.cancel(reason)
    await untilAborted(this.#parts.leaving, flight.finished)
  }

  /** Why nothing else is taken on meanwhile. */
  inProgress(): UpdaterError {
    return alreadyInProgress(this.#parts.doing(), this.#current === null ? (this.#parts.lookout.findings[0] ?? null) : null)
  }

  /** An error that left the operation open is retried by the watch; one before anything was attempted is the caller's answer. */
  #failed(flight: Flight, error: unknown): void {
    const { ports, leaving, authorityLost } = this.#parts
    const known = error instanceof Error ? error : new Error(String(error))
    if (flight.refuse(known)) this.refusals.add(flight.id, known)
    else if (!leaving.aborted) ports.log.warn(`The operation is not closed yet: ${known.message}`)
    if (isLost(error)) authorityLost(error)
  }
}
