import type { Context, CoreSettings, Ports, Reach } from '../rollout/context.ts'
import { UpdaterError, firstLine, isLost, sentenceOf } from '../rollout/errors.ts'
import { changeOperation, type Journal } from '../rollout/journal.ts'
import { oneAtATime } from '../rollout/one-at-a-time.ts'
import type { HistoryEntry, Hold, TagRef } from '../rollout/model.ts'
import type { RecordStore } from '../rollout/ports.ts'
import { asItShouldBe } from '../rollout/recovery/decide.ts'
import { freshPatience, reconcile, type Patience, type Reconciled } from '../rollout/recovery/reconcile.ts'
import { countInterruption } from '../rollout/recovery/repairs.ts'
import { untilAborted } from '../rollout/within.ts'
import { Announcements } from './announcements.ts'
import { diagnose } from './diagnosis.ts'
import { Flight } from './flight.ts'
import { holdDurably, pauseDurably, pausesAsked, resumeDurably, stillPaused } from './holds.ts'
import { alreadyInProgress, carryOutWish, pausedBy, type Wish } from './operation.ts'
import { holdIfRunningTagMoved } from './moved-tag.ts'
import { Refusals } from './refusals.ts'
import type {
  ApplyRequest, Diagnostics, OperationView, PollingStatus, RollbackRequest, RolloutEvent, Started, Status, UpdaterService,
} from './service.ts'
import { statusOf } from './status.ts'
import { takeOver } from './takeover.ts'

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
  readonly #patience: Patience = freshPatience()
  readonly #leaving = new AbortController()
  readonly #left = new AbortController()
  readonly #announcements: Announcements
  readonly #refusals = new Refusals()
  readonly #startedAt: number
  #journal: Journal | null = null
  /** The record is of a newer version: that does not mend itself. */
  #newer: string | null = null
  #findings: readonly string[] = []
  #flight: Flight | null = null
  #watching: Promise<void> = Promise.resolve()

  constructor(options: UpdaterOptions) {
    this.#options = options
    this.#startedAt = options.ports.clock.monotonic()
    this.#announcements = new Announcements(options.ports.clock, options.ports.log)
  }

  /** Recovers, then keeps watching until `stop`. Resolves after the first look; what it could not do is in the findings. */
  async start(): Promise<void> {
    await this.#lookOnce(true)
    this.#watching = this.#watch()
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
      if (clean && this.#journal?.record.operation) await this.#journal.note(changeOperation((operation) => ({ ...operation, stoppedCleanly: true })))
    })
    over.abort()
    await limit
  }

  status(): Status {
    const { clock } = this.#options.ports
    return statusOf({
      record: this.#journal?.record ?? null,
      busy: this.#flight,
      uptimeSeconds: (clock.monotonic() - this.#startedAt) / 1000,
      observing: this.#observing(),
      findings: this.#findings,
      polling: this.#options.polling(),
    })
  }

  history(): Promise<HistoryEntry[]> {
    return this.#options.ports.history.entries()
  }

  async operation(id: string): Promise<OperationView> {
    const open = this.#journal?.record.operation
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
    const [hold] = journal.record.holds
    if (hold !== undefined) throw pausedBy(hold)
    return this.#takeOff({ kind: 'apply', tag, version, origin })
  }

  async rollback({ previousSha, origin }: RollbackRequest): Promise<Started> {
    this.#ready()
    return this.#takeOff({ kind: 'rollback', commit: previousSha, origin })
  }

  async unpause(by: string): Promise<void> {
    const journal = this.#ready()
    if (this.#flight !== null) throw alreadyInProgress(this.status().currentOperation)
    const isLater = pausesAsked(journal)
    await this.#hand(async () => {
      const { settled, why } = await this.#reconcile(journal).catch((error: unknown) => {
        throw stillPaused(error)
      })
      if (!settled) throw new UpdaterError('inconsistent', `Still paused, because the stack is not as the record says: ${why}`)
      await resumeDurably(journal, this.#now(), isLater)
      this.#options.ports.log.info('Rollouts are resumed.', { by })
    })
  }

  async pause(reason: string, by: string): Promise<void> {
    const journal = this.#mustHaveJournal()
    const flight = this.#flight
    const hold: Hold = { reason, origin: 'operator', since: this.#now() }
    await pauseDurably(journal, hold)
    this.#options.ports.log.info('Rollouts are paused.', { by, reason })
    if (flight === null) return
    flight.cancel(new UpdaterError('cancelled', `Paused by ${by}: ${reason}`))
    await untilAborted(this.#leaving.signal, flight.finished)
    // The operation may have ended before it could take the pause over.
    await holdDurably(journal, hold)
  }

  async cancel(by: string): Promise<void> {
    const flight = this.#flight
    if (flight === null) throw new UpdaterError('nothing_to_cancel', 'No operation is running.')
    if (!flight.cancel(new UpdaterError('cancelled', `Cancelled by ${by}.`))) {
      throw new UpdaterError('past_commit', 'The operation has passed its commit point and is being finished. Use a rollback to go back.')
    }
    this.#options.ports.log.info('The operation is cancelled.', { by })
  }

  diagnostics(signal: AbortSignal): Promise<Diagnostics> {
    return diagnose(this.#reach(signal))
  }

  subscribe(listener: (event: RolloutEvent) => void): () => void {
    return this.#announcements.subscribe(listener)
  }

  /** Remembers that polling looked, for the status and the state file. */
  async checked(at: string): Promise<void> {
    await this.#journal?.note((record) => ({ ...record, lastCheckedAt: at }))
  }

  /** Shows it the remote's tags. @returns why nothing of them may be taken on; null when nothing speaks against it */
  async inspectTags(tags: readonly TagRef[]): Promise<string | null> {
    return this.#journal === null ? null : holdIfRunningTagMoved(this.#journal, tags, this.#now())
  }

  #takeOff(wish: Wish): Started {
    const journal = this.#mustHaveJournal()
    if (this.#flight !== null || journal.record.operation !== null) throw alreadyInProgress(this.status().currentOperation)
    const flight = new Flight(this.#options.ports.random.token().slice(0, 16), wish)
    this.#flight = flight
    this.#announcements.tell(flight.id, { kind: 'opened', step: null, message: flight.what, durationMs: null })
    const work = this.#hand(() => carryOutWish({
      id: flight.id,
      wish,
      context: this.#context(journal, AbortSignal.any([flight.signal, this.#leaving.signal]), flight),
      lasting: this.#context(journal, this.#leaving.signal, flight),
      patience: this.#patience,
      failedStep: () => flight.failedStep,
      answer: (result) => {
        flight.answer(result)
        this.#announcements.tell(flight.id, { kind: 'ended', step: null, message: firstLine(result.error ?? result.status), durationMs: null })
      },
    }))
    flight.finishWith(work.catch((error: unknown) => this.#afterFlight(flight, error)).finally(() => {
      this.#flight = null
      this.#announcements.tell(flight.id, { kind: 'closed', step: null, message: flight.what, durationMs: null })
    }))
    return { operationId: flight.id, outcome: flight.outcome, finished: flight.finished }
  }

  /** An error that left the operation open is retried by the watch; one before anything was attempted is the caller's answer. */
  #afterFlight(flight: Flight, error: unknown): void {
    const known = error instanceof Error ? error : new Error(String(error))
    if (flight.refuse(known)) this.#refusals.add(flight.id, known)
    else if (!this.#leaving.signal.aborted) this.#options.ports.log.warn(`The operation is not closed yet: ${known.message}`)
    this.#leaveIfLost(error)
  }

  #leaveIfLost(error: unknown): void {
    if (isLost(error)) this.#options.authorityLost(error)
  }

  async #watch(): Promise<void> {
    const sleep = (): Promise<void> => this.#options.ports.clock.sleep(this.#options.watchInterval, this.#leaving.signal)
    while (await sleep().then(() => true, () => false)) {
      if (this.#flight === null) await this.#lookOnce(false)
    }
  }

  async #lookOnce(atStart: boolean): Promise<void> {
    if (this.#observing() !== null) return
    await this.#hand(async () => {
      try {
        if (this.#journal === null && !(await this.#getJournal())) return
        const journal = this.#mustHaveJournal()
        if (atStart && journal.record.operation !== null) await countInterruption(this.#context(journal, this.#leaving.signal, null))
        const { why } = await this.#reconcile(journal)
        this.#findings = why === asItShouldBe ? [] : [why]
      } catch (error) {
        if (this.#leaving.signal.aborted) return
        this.#findings = [sentenceOf(error)]
        this.#options.ports.log.error('A look at the stack ended early; it is repeated.', { error: sentenceOf(error) })
        this.#leaveIfLost(error)
      }
    })
  }

  async #getJournal(): Promise<boolean> {
    const taken = await takeOver(this.#reach(this.#leaving.signal), this.#options.store)
    if (taken.kind === 'journal') {
      this.#journal = taken.journal
      return true
    }
    if (taken.kind === 'observing') this.#newer = taken.why
    this.#findings = [taken.why]
    return false
  }

  /** What cannot be written is told in the end: bringing back traffic and services needs no write (I10), and what does asks for it. */
  async #reconcile(journal: Journal): Promise<Reconciled> {
    const unsaved = await journal.save().then(() => null, (error: unknown) => ({ error }))
    if (unsaved !== null && isLost(unsaved.error)) throw unsaved.error
    const reconciled = await reconcile(this.#context(journal, this.#leaving.signal, null), this.#patience)
    if (unsaved !== null) await journal.save()
    return reconciled
  }

  #observing(): string | null {
    return this.#newer ?? this.#options.observing()
  }

  #ready(): Journal {
    this.#leaving.signal.throwIfAborted()
    return this.#mustHaveJournal()
  }

  #mustHaveJournal(): Journal {
    const observing = this.#observing()
    if (observing !== null) throw new UpdaterError('observing', `The updater only observes: ${observing}`)
    if (this.#journal === null) throw new UpdaterError('observing', this.#findings[0] ?? 'The updater is still looking at the stack. Try again in a moment.')
    return this.#journal
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
