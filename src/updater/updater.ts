import type { Context, CoreSettings, Ports, Reach } from '../rollout/context.ts'
import { UpdaterError } from '../rollout/errors.ts'
import { changeOperation, type Journal } from '../rollout/journal.ts'
import type { HistoryEntry, Maintenance, TagRef, UpdateResult } from '../rollout/model.ts'
import type { RecordStore } from '../rollout/ports.ts'
import { managedServices } from '../rollout/topology.ts'
import { Announcements } from './announcements.ts'
import { diagnose, proveReload } from './diagnosis.ts'
import type { Flight } from './flight.ts'
import { Flights } from './flights.ts'
import { Hand } from './hand.ts'
import { Lookout } from './lookout.ts'
import { holdIfRunningTagMoved } from './moved-tag.ts'
import { obstacleTo } from './obstacles.ts'
import { Operators } from './operators.ts'
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
  readonly #hand = new Hand()
  readonly #leaving = new AbortController()
  readonly #left = new AbortController()
  readonly #announcements: Announcements
  readonly #startedAt: number
  readonly #lookout: Lookout
  readonly #watch: Watch
  readonly #flights: Flights
  readonly #operators: Operators
  #watching: Promise<void> = Promise.resolve()
  #makingRoom: Promise<void> = Promise.resolve()

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
    this.#flights = new Flights({
      ports,
      lookout: this.#lookout,
      announcements: this.#announcements,
      leaving: this.#leaving.signal,
      hand: this.#hand.take,
      contextOf: (journal, signal, flight) => this.#context(journal, signal, flight),
      doing: () => this.status().currentOperation,
      ended: () => this.#watch.changed(),
      authorityLost: (error) => options.authorityLost(error),
    })
    this.#operators = new Operators({
      log: ports.log,
      leaving: this.#leaving.signal,
      lookout: this.#lookout,
      flights: this.#flights,
      hand: this.#hand.take,
      status: () => this.status(),
      now: () => this.#now(),
    })
    this.#watch = new Watch({
      clock: ports.clock,
      log: ports.log,
      interval: options.watchInterval,
      signal: this.#leaving.signal,
      look: () => (this.#flights.current === null ? this.#look() : Promise.resolve(null)),
      isOurs: () => this.#flights.isBusy,
      follow: (onChange, signal) => ports.runtime.follow(managedServices(settings.topology), onChange, signal),
    })
  }

  /** Recovers, then keeps watching until `stop`. Resolves after the first look; what it could not do is in the findings. */
  async start(): Promise<void> {
    const againIn = await this.#hand.take(() => this.#lookout.look())
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
    await Promise.allSettled([this.#watching, this.#makingRoom, this.#flights.current?.finished])
    await this.#hand.take(async () => {
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
      busy: this.#flights.current,
      uptimeSeconds: (clock.monotonic() - this.#startedAt) / 1000,
      observing: this.#lookout.observing,
      pausedAnyway: this.#lookout.pausedAnyway,
      findings: this.#lookout.findings,
      polling: this.#options.polling(),
    })
  }

  history(): Promise<HistoryEntry[]> {
    return this.#options.ports.history.entries()
  }

  async operation(id: string): Promise<OperationView> {
    const open = this.#lookout.record?.operation
    const refused = this.#flights.refusals.of(id)
    if (refused !== undefined) return { state: 'refused', error: refused }
    if (open?.id === id) return { state: 'running', operation: open }
    const result = await this.#ended(id)
    if (result !== null) return { state: 'ended', result }
    throw new UpdaterError('unknown_operation', `There is no operation ${id}.`)
  }

  async apply({ tag, version, origin }: ApplyRequest): Promise<Started> {
    const journal = this.#ready()
    const obstacle = obstacleTo('apply', journal.record)
    if (obstacle !== null) throw obstacle
    return this.#flights.takeOff({ kind: 'apply', tag, version, origin })
  }

  async rollback({ previousSha, origin }: RollbackRequest): Promise<Started> {
    const obstacle = obstacleTo('rollback', this.#ready().record)
    if (obstacle !== null) throw obstacle
    return this.#flights.takeOff({ kind: 'rollback', commit: previousSha, origin })
  }

  unpause(by: string): Promise<void> {
    return this.#operators.unpause(by)
  }

  pause(reason: string, by: string): Promise<void> {
    return this.#operators.pause(reason, by)
  }

  cancel(by: string): Promise<void> {
    return this.#operators.cancel(by)
  }

  enterMaintenance(reason: string, by: string): Promise<Maintenance> {
    return this.#operators.enterMaintenance(reason, by)
  }

  leaveMaintenance(by: string): Promise<readonly string[]> {
    return this.#operators.leaveMaintenance(by)
  }

  diagnostics(signal: AbortSignal): Promise<Diagnostics> {
    return diagnose(this.#reach(signal), { journal: this.#lookout.journal, status: this.status(), doing: this.#flights.current?.what ?? null })
  }

  async reloadRoutes(by: string): ReturnType<UpdaterService['reloadRoutes']> {
    const journal = this.#ready()
    if (this.#flights.isBusy) throw this.#flights.inProgress()
    return this.#hand.take(() => proveReload(this.#context(journal, this.#leaving.signal, null), by))
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

  /** What an operation ended with; null: there was none. What the history could not take is in the record (fault 44). */
  async #ended(id: string): Promise<UpdateResult | null> {
    const latest = [this.#flights.current?.resultOf(id), this.#lookout.record?.lastResult].find((result) => result?.operationId === id) ?? null
    const entries = await this.history().catch((error: unknown) => {
      if (latest === null) throw error
      return []
    })
    return entries.find(({ result }) => result.operationId === id)?.result ?? latest
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

  /** Looks, and has room made in the time until the next look. */
  async #look(): Promise<number | null> {
    const againIn = await this.#hand.take(() => this.#lookout.look())
    if (this.#lookout.isRoomDue) this.#makingRoom = this.#hand.inSpareTime(this.#leaving.signal, (signal) => this.#lookout.makeRoom(signal))
    return againIn
  }

  #now(): string {
    return new Date(this.#options.ports.clock.now()).toISOString()
  }
}
