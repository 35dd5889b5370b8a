import { withHold } from '../rollout/consequences.ts'
import { UpdaterError } from '../rollout/errors.ts'
import type { Hold, Maintenance, UpdaterRecord } from '../rollout/model.ts'
import type { Log } from '../rollout/ports.ts'
import type { Flights } from './flights.ts'
import { holdDurably, leaveMaintenance, pauseDurably, resumeDurably, setMaintenance, stillPaused } from './holds.ts'
import type { Lookout } from './lookout.ts'
import { nothingToCancel } from './obstacles.ts'
import type { Status, UpdaterService } from './service.ts'

export interface OperatorsParts {
  readonly log: Log
  /** Aborts when the daemon leaves. */
  readonly leaving: AbortSignal
  readonly lookout: Lookout
  readonly flights: Flights
  /** Everything that changes the world goes through it (I5). */
  readonly hand: <T>(work: () => Promise<T>) => Promise<T>
  readonly status: () => Status
  /** ISO 8601 UTC. */
  readonly now: () => string
}

/** What operators may ask for besides rollouts: to hold them, to let them go on, to turn one round, to be left alone with the stack. */
export class Operators implements Pick<UpdaterService, 'unpause' | 'pause' | 'cancel' | 'enterMaintenance' | 'leaveMaintenance'> {
  readonly #parts: OperatorsParts
  /** For each unpause that is under way the pauses that came since, also those that could not be written: it clears none of them (I4). */
  readonly #sinceUnpause = new Set<Set<Hold>>()

  constructor(parts: OperatorsParts) {
    this.#parts = parts
  }

  async unpause(by: string): Promise<void> {
    const { leaving, lookout, flights, log, hand, now } = this.#parts
    leaving.throwIfAborted()
    const journal = lookout.mustHaveJournal()
    if (flights.current !== null) throw flights.inProgress()
    const { holds: found } = journal.record
    const since = new Set<Hold>()
    const later = ({ holds }: UpdaterRecord): Hold[] =>
      [...since].reduce<Hold[]>(withHold, holds.filter((hold) => hold.origin === 'tag_moved' && !found.includes(hold)))
    this.#sinceUnpause.add(since)
    await hand(async () => {
      const { settled, why } = await lookout.reconcile(journal, { hurry: true }).catch((error: unknown) => {
        throw stillPaused(error)
      })
      if (!settled) throw new UpdaterError('inconsistent', `Still paused, because the stack is not as the record says: ${why}`)
      await resumeDurably(journal, now(), later)
      log.info('Rollouts are resumed.', { by })
    }).finally(() => this.#sinceUnpause.delete(since))
  }

  async pause(reason: string, by: string): Promise<void> {
    const { lookout, flights, log, now } = this.#parts
    const journal = lookout.mustHaveJournal()
    const flight = flights.current
    const hold: Hold = { reason, origin: 'operator', since: now() }
    for (const since of this.#sinceUnpause) since.add(hold)
    await pauseDurably(journal, hold)
    log.info('Rollouts are paused.', { by, reason })
    if (flight === null) return
    await flights.end(flight, new UpdaterError('cancelled', `Paused by ${by}: ${reason}`))
    // The operation may have ended before it could take the pause over.
    await holdDurably(journal, hold)
  }

  async cancel(by: string): Promise<void> {
    const { flights, log, status } = this.#parts
    const flight = flights.current
    if (flight === null) throw nothingToCancel(status())
    if (!flight.cancel(new UpdaterError('cancelled', `Cancelled by ${by}.`))) {
      throw new UpdaterError('past_commit', 'The operation has passed its commit point and is being finished. Use a rollback to go back.')
    }
    log.info('The operation is cancelled.', { by })
  }

  async enterMaintenance(reason: string, by: string): Promise<Maintenance> {
    const { lookout, flights, log, hand, now } = this.#parts
    const journal = lookout.mustHaveJournal()
    const maintenance = { reason, by, since: now() }
    const earlier = journal.record.maintenance
    await setMaintenance(journal, maintenance)
    log.info('Maintenance mode: nothing is started, stopped or routed until it is left.', { by, reason, earlier })
    const flight = flights.current
    if (flight !== null) await flights.end(flight, new UpdaterError('cancelled', `Maintenance mode, set by ${by}: ${reason}`))
    await hand(() => lookout.look())
    return maintenance
  }

  async leaveMaintenance(by: string): Promise<readonly string[]> {
    const { lookout, log, hand } = this.#parts
    const journal = lookout.mustHaveJournal()
    // Whoever set it may not have heard yet that it is written: what was asked for first comes first.
    await journal.caughtUp()
    const left = journal.record.maintenance
    if (left !== null) {
      await leaveMaintenance(journal, left)
      log.info('Maintenance mode is left; the stack is looked at.', { by, left })
    }
    await hand(() => lookout.look({ hurry: true }))
    return lookout.findings
  }
}
