import type { Context, CoreSettings, Ports, Reach } from '../rollout/context.ts'
import { UpdaterError, firstLine, isLost } from '../rollout/errors.ts'
import { changeOperation, type Journal } from '../rollout/journal.ts'
import { oneAtATime } from '../rollout/one-at-a-time.ts'
import type { HistoryEntry, Hold, Maintenance, TagRef } from '../rollout/model.ts'
import type { RecordStore } from '../rollout/ports.ts'
import { managedServices } from '../rollout/topology.ts'
import { untilAborted } from '../rollout/within.ts'
import { Announcements } from './announcements.ts'
import { diagnose, proveReload } from './diagnosis.ts'
import { Flight } from './flight.ts'
import { holdDurably, pauseDurably, pausesAsked, resumeDurably, setMaintenance, stillPaused } from './holds.ts'
import { Lookout } from './lookout.ts'
import { holdIfRunningTagMoved } from './moved-tag.ts'
import { alreadyInProgress, nothingToCancel, obstacleTo } from './obstacles.ts'
import { carryOutWish, type Wish } from './operation.ts'
import { Refusals } from './refusals.ts'
import type {
  ApplyRequest, Diagnostics, OperationView, PollingStatus, RollbackRequest, RolloutEvent, Started, Status, UpdaterService,
} from './service.ts'
import { statusOf } from './status.ts'
import { Watch } from './watch.ts'

export interface UpdaterOptions {
  readonly ports: Ports
  readonly store: RecordStore
  readonly settings: CoreSettings
  /** Between two looks at the world when idle, ms. */
  readonly watchInterval: number
  /** Why nothing may be changed now (an unusable secret, wrong mounts); asked each time, since an operator may mend it. Null normally. */
  observing(): string | null
  /** What polling knows; asked for each status. */
  polling(): PollingStatus
  /** Another daemon took over: this one must leave without touching anything (I5). */
  authorityLost(error: UpdaterError): void
}

/**
 * The one object the outside talks to. One operation at a time; looks at the world in between; readers never wait.
 * Everything that changes the world goes through `#hand` (I5).
 */
export class Updater implements UpdaterService {
  readonly #options: UpdaterOptions
  readonly #hand = oneAtATime()
  readonly #leaving = new AbortController()
  readonly #left = new AbortController()
  readonly #announcements: Announcements
  readonly #refusals = new Refusals()
  readonly #startedAt: number
  readonly #lookout: Lookout
  readonly #watch: Watch
  #flight: Flight | null = null
  #watching: Promise<void> = Promise.resolve()

  constructor(options: UpdaterOptions) {
    this.#options = options
    this.#startedAt = options.ports.clock.monotonic()
    this.#announcements = new Announcements(options.ports.clock, options.ports.log)
    const { ports, store, settings } = options
    this.#lookout = new Lookout({
      reach: this.#reach(this.#leaving.signal),
      store,
      observing: () => options.observing(),
      contextOf: (journal) => this.#context(journal, this.#leaving.signal, null),
      authorityLost: (error) => options.authorityLost(error),
    })
    this.#watch = new Watch({
      clock: ports.clock,
      log: ports.log,
      interval: options.watchInterval,
      signal: this.#leaving.signal,
      look: () => (this.#flight === null ? this.#hand(() => this.#lookout.look()) : Promise.resolve(null)),
      isOurs: () => this.#isBusy,
      follow: (onChange, signal) => ports.runtime.follow(managedServices(settings.topology), onChange, signal),
    })
  }

  /** Recovers, then keeps watching until `stop`. Resolves after the first look; what it could not do is in the findings. */
  async start(): Promise<void> {
    const againIn = await this.#hand(() => this.#lookout.look())
    this.#watching = this.#watch.run(againIn)
  }

  /**
   * Leaves in order: waits end, the effect in hand is finished and recorded; the next start goes on from there (fault 43).
   * @param clean false when an error nobody foresaw ends the daemon: that counts as an interruption, so that a crash loop ends (fault 9)
   */
  async stop({ clean }: { readonly clean: boolean } = { clean: true }): Promise<void> {
    const { clock } = this.#options.ports
    this.#leaving.abort(clean
      ? new UpdaterError('shutting_down', 'The updater is shutting down. A rollout before its commit point is undone at the next start.')
      : new UpdaterError('interrupted', 'An error that nobody foresaw ends the updater. A rollout before its commit point is undone at the next start.'))
    const over = new AbortController()
    const limit = clock.sleep(this.#options.settings.limits.shutdown, over.signal).then(() => this.#left.abort(new UpdaterError('limit_exceeded', 'Leaving took too long (limits.shutdown).')), () => undefined)
    await Promise.allSettled([this.#watching, this.#flight?.finished])
    await this.#hand(async () => {
      const { journal } = this.#lookout
      if (clean && journal?.record.operation) await journal.note(changeOperation((operation) => ({ ...operation, stoppedCleanly: true })))
    })
    over.abort()
    await limit
  }

  status(): Status {
    const { clock } = this.#options.ports
    return statusOf({
      record: this.#lookout.record,
      busy: this.#flight,
      uptimeSeconds: (clock.monotonic() - this.#startedAt) / 1000,
      observing: this.#lookout.observing,
      findings: this.#lookout.findings,
      polling: this.#options.polling(),
    })
  }

  history(): Promise<HistoryEntry[]> {
    return this.#options.ports.history.entries()
  }

  async operation(id: string): Promise<OperationView> {
    const open = this.#lookout.record?.operation
    const refused = this.#refusals.of(id)
    if (refused !== undefined) return { state: 'refused', error: refused }
    if (open?.id === id) return { state: 'running', operation: open }
    const entry = (await this.history()).find(({ result }) => result.operationId === id)
    const result = entry?.result ?? this.#flight?.resultOf(id)
    if (result) return { state: 'ended', result }
    throw new UpdaterError('unknown_operation', `There is no operation ${id}.`)
  }

  async apply({ tag, version, origin }: ApplyRequest): Promise<Started> {
    const journal = this.#ready()
    const obstacle = obstacleTo('apply', journal.record)
    if (obstacle !== null) throw obstacle
    return this.#takeOff({ kind: 'apply', tag, version, origin })
  }

  async rollback({ previousSha, origin }: RollbackRequest): Promise<Started> {
    const obstacle = obstacleTo('rollback', this.#ready().record)
    if (obstacle !== null) throw obstacle
    return this.#takeOff({ kind: 'rollback', commit: previousSha, origin })
  }

  async unpause(by: string): Promise<void> {
    const journal = this.#ready()
    if (this.#flight !== null) throw this.#inProgress()
    const isLater = pausesAsked(journal)
    await this.#hand(async () => {
      const { settled, why } = await this.#lookout.reconcile(journal, { hurry: true }).catch((error: unknown) => {
        throw stillPaused(error)
      })
      if (!settled) throw new UpdaterError('inconsistent', `Still paused, because the stack is not as the record says: ${why}`)
      await resumeDurably(journal, this.#now(), isLater)
      this.#options.ports.log.info('Rollouts are resumed.', { by })
    })
  }

  async pause(reason: string, by: string): Promise<void> {
    const journal = this.#lookout.mustHaveJournal()
    const flight = this.#flight
    const hold: Hold = { reason, origin: 'operator', since: this.#now() }
    await pauseDurably(journal, hold)
    this.#options.ports.log.info('Rollouts are paused.', { by, reason })
    if (flight === null) return
    await this.#end(flight, new UpdaterError('cancelled', `Paused by ${by}: ${reason}`))
    // The operation may have ended before it could take the pause over.
    await holdDurably(journal, hold)
  }

  async cancel(by: string): Promise<void> {
    const flight = this.#flight
    if (flight === null) throw nothingToCancel(this.status())
    if (!flight.cancel(new UpdaterError('cancelled', `Cancelled by ${by}.`))) {
      throw new UpdaterError('past_commit', 'The operation has passed its commit point and is being finished. Use a rollback to go back.')
    }
    this.#options.ports.log.info('The operation is cancelled.', { by })
  }

  async enterMaintenance(reason: string, by: string): Promise<Maintenance> {
    const journal = this.#lookout.mustHaveJournal()
    const maintenance = { reason, by, since: this.#now() }
    const earlier = journal.record.maintenance
    await setMaintenance(journal, maintenance)
    this.#options.ports.log.info('Maintenance mode: nothing is started, stopped or routed until it is left.', { by, reason, earlier })
    if (this.#flight !== null) await this.#end(this.#flight, new UpdaterError('cancelled', `Maintenance mode, set by ${by}: ${reason}`))
    await this.#hand(() => this.#lookout.look())
    return maintenance
  }

  async leaveMaintenance(by: string): Promise<readonly string[]> {
    const journal = this.#lookout.mustHaveJournal()
    const left = journal.record.maintenance
    if (left !== null) {
      await setMaintenance(journal, null)
      this.#options.ports.log.info('Maintenance mode is left; the stack is looked at.', { by, left })
    }
    await this.#hand(() => this.#lookout.look({ hurry: true }))
    return this.#lookout.findings
  }

  diagnostics(signal: AbortSignal): Promise<Diagnostics> {
    return diagnose(this.#reach(signal), { journal: this.#lookout.journal, status: this.status(), doing: this.#flight?.what ?? null })
  }

  async reloadRoutes(by: string): ReturnType<UpdaterService['reloadRoutes']> {
    const journal = this.#ready()
    if (this.#isBusy) throw this.#inProgress()
    return this.#hand(() => proveReload(this.#context(journal, this.#leaving.signal, null), by))
  }

  subscribe(listener: (event: RolloutEvent) => void): () => void {
    return this.#announcements.subscribe(listener)
  }

  /** Remembers that polling looked, for the status and the state file. */
  async checked(at: string): Promise<void> {
    await this.#lookout.journal?.note((record) => ({ ...record, lastCheckedAt: at }))
  }

  /** Shows it the remote's tags. @returns why nothing of them may be taken on; null when nothing speaks against it */
  async inspectTags(tags: readonly TagRef[]): Promise<string | null> {
    const { journal } = this.#lookout
    return journal === null ? null : holdIfRunningTagMoved(journal, tags, this.#now())
  }

  #takeOff(wish: Wish): Started {
    const journal = this.#lookout.mustHaveJournal()
    if (this.#isBusy) throw this.#inProgress()
    const flight = new Flight(this.#options.ports.random.token().slice(0, 16), wish)
    this.#flight = flight
    this.#announcements.tell(flight.id, { kind: 'opened', step: null, message: flight.what, durationMs: null })
    const work = this.#hand(() => carryOutWish({
      id: flight.id,
      wish,
      context: this.#context(journal, AbortSignal.any([flight.signal, this.#leaving.signal]), flight),
      lasting: this.#context(journal, this.#leaving.signal, flight),
      patience: this.#lookout.patience,
      opened: () => flight.opened(),
      failedStep: () => flight.failedStep,
      answer: (result) => {
        flight.answer(result)
        this.#announcements.tell(flight.id, { kind: 'ended', step: null, message: firstLine(result.error ?? result.status), durationMs: null })
      },
    }))
    flight.finishWith(work.catch((error: unknown) => this.#afterFlight(flight, error)).finally(() => {
      this.#flight = null
      this.#announcements.tell(flight.id, { kind: 'closed', step: null, message: flight.what, durationMs: null })
      if (!this.#isBusy) this.#watch.changed()
    }))
    return { operationId: flight.id, begun: flight.begun, outcome: flight.outcome, finished: flight.finished }
  }

  /** An error that left the operation open is retried by the watch; one before anything was attempted is the caller's answer. */
  #afterFlight(flight: Flight, error: unknown): void {
    const known = error instanceof Error ? error : new Error(String(error))
    if (flight.refuse(known)) this.#refusals.add(flight.id, known)
    else if (!this.#leaving.signal.aborted) this.#options.ports.log.warn(`The operation is not closed yet: ${known.message}`)
    if (isLost(error)) this.#options.authorityLost(error)
  }

  /** Turns it round, or lets it finish after its commit point, and waits for its end. */
  async #end(flight: Flight, reason: UpdaterError): Promise<void> {
    flight.cancel(reason)
    await untilAborted(this.#leaving.signal, flight.finished)
  }

  /** An operation runs, or is open and waits for what keeps it from its end. */
  get #isBusy(): boolean {
    return this.#flight !== null || (this.#lookout.record?.operation ?? null) !== null
  }

  #inProgress(): UpdaterError {
    return alreadyInProgress(this.status().currentOperation, this.#flight === null ? (this.#lookout.findings[0] ?? null) : null)
  }

  #ready(): Journal {
    this.#leaving.signal.throwIfAborted()
    return this.#lookout.mustHaveJournal()
  }

  #reach(signal: AbortSignal): Reach {
    const { ports, settings } = this.#options
    return { ports, settings, signal, effects: this.#left.signal }
  }

  #context(journal: Journal, signal: AbortSignal, flight: Flight | null): Context {
    return {
      ...this.#reach(signal),
      journal,
      tell: (happening) => {
        flight?.notice(happening)
        this.#announcements.tell(journal.record.operation?.id ?? flight?.id ?? '', happening)
      },
    }
  }

  #now(): string {
    return new Date(this.#options.ports.clock.now()).toISOString()
  }
}
