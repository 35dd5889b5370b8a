import { withSignal, type Context, type Reach } from '../rollout/context.ts'
import { UpdaterError, asSentence, isLost, sentenceOf } from '../rollout/errors.ts'
import type { Journal } from '../rollout/journal.ts'
import type { UpdaterRecord } from '../rollout/model.ts'
import { pauseReasonOf } from '../rollout/pause.ts'
import type { RecordStore } from '../rollout/ports.ts'
import { asItShouldBe } from '../rollout/recovery/decide.ts'
import { failedOnceMore, freshPatience, noTries, type Patience } from '../rollout/recovery/patience.ts'
import { reconcile, type Haste, type Reconciled } from '../rollout/recovery/reconcile.ts'
import { isRoomDue, leftOver, makeRoom } from '../rollout/recovery/room.ts'
import { takeOver } from './takeover.ts'

export interface LookoutParts {
  readonly reach: Reach
  readonly store: RecordStore
  /** Why nothing may be changed now; null normally. */
  observing(): string | null
  contextOf(journal: Journal): Context
  /** Another daemon took over (I5). */
  authorityLost(error: UpdaterError): void
}

/** What the updater knows by looking: the record, and what is not as it should be. One look at a time is its caller's to see to. */
export class Lookout {
  readonly patience: Patience = freshPatience()
  readonly #parts: LookoutParts
  #journal: Journal | null = null
  /** The record is of a newer version: that does not mend itself. */
  #newer: string | null = null
  /** Why rollouts count as paused although no record says so; null: nothing speaks against them. */
  #pausedUntilTaken: string | null = null
  #findings: readonly string[] = []
  /** The last look found record and world in agreement. */
  #settled = false

  constructor(parts: LookoutParts) {
    this.#parts = parts
  }

  /** Null until a stack was taken over. */
  get journal(): Journal | null {
    return this.#journal
  }

  get record(): UpdaterRecord | null {
    return this.#journal?.record ?? null
  }

  /** Why rollouts count as paused without a hold: what cannot be read, or only be looked at, may hold (I4). Null when that is not so. */
  get pausedAnyway(): string | null {
    if (this.observing !== null) return `The updater only observes: ${this.observing}`
    return this.#journal === null ? this.#pausedUntilTaken : null
  }

  /** What is not as it should be, in sentences. */
  get findings(): readonly string[] {
    return this.record === null ? this.#findings : [...this.#findings, ...leftOver(this.record, this.patience)]
  }

  /** Whether something may be left over that nobody needs (I9), and nothing is more urgent. */
  get isRoomDue(): boolean {
    const { record } = this
    return this.#settled && record !== null && this.observing === null && isRoomDue(record, this.patience, this.#parts.reach.ports.clock.monotonic())
  }

  /** Why nothing is taken on at all; null when that is not so. */
  get observing(): string | null {
    return this.#newer ?? this.#parts.observing()
  }

  /** @throws observing */
  mustHaveJournal(): Journal {
    const { observing } = this
    if (observing !== null) throw new UpdaterError('observing', `The updater only observes: ${observing}`)
    if (this.#journal === null) throw new UpdaterError('observing', this.#findings[0] ?? 'The updater is still looking at the stack. Try again in a moment.')
    return this.#journal
  }

  /**
   * Looks once, and takes the stack over first where that is still to be done. What it could not do is in the findings,
   * and is tried again soon, then ever more slowly: what ails engine, disk and Traefik is often over within seconds.
   * @returns after how many ms another look is worth while; null: when the next one is due
   */
  async look(haste: Haste = { hurry: false }): Promise<number | null> {
    // One that has left takes nothing over: it would use up that the one before it was stopped cleanly (fault 43).
    if (this.#parts.reach.signal.aborted || this.observing !== null) return null
    try {
      if (this.#journal === null && !(await this.#getJournal())) return this.#newer === null ? this.#soon() : null
      const { row, againIn } = await this.reconcile(this.mustHaveJournal(), haste)
      if (row === 2) return this.#soon()
      this.patience.looks = noTries
      return againIn
    } catch (error) {
      const { reach } = this.#parts
      if (reach.signal.aborted) return null
      this.#findings = [...aboutMaintenance(this.record), sentenceOf(error)]
      reach.ports.log.error('A look at the stack ended early; it is repeated.', { error: sentenceOf(error) })
      if (!isLost(error)) return this.#soon()
      this.#parts.authorityLost(error)
      return null
    }
  }

  /** What cannot be written is told in the end: bringing back traffic and services needs no write (I10), and what does asks for it. */
  async reconcile(journal: Journal, haste: Haste): Promise<Reconciled> {
    this.#settled = false
    const unsaved = await journal.save().then(() => null, (error: unknown) => ({ error }))
    if (unsaved !== null && isLost(unsaved.error)) throw unsaved.error
    const reconciled = await reconcile(this.#parts.contextOf(journal), this.patience, haste)
    if (unsaved !== null) await journal.save()
    this.#findings = findingsOf(journal.record, reconciled)
    this.#settled = reconciled.settled
    return reconciled
  }

  /** In how many ms to look again after one more look that came to nothing. */
  #soon(): number {
    const now = this.#parts.reach.ports.clock.monotonic()
    this.patience.looks = failedOnceMore(this.patience.looks, this.#findings.join(' '), now, firstPause, longestPause)
    return this.patience.looks.notBefore - now
  }

  /** Removes what is left over where that is due; ends early when the signal aborts. */
  async makeRoom(signal: AbortSignal): Promise<void> {
    if (this.#journal === null || !this.isRoomDue || signal.aborted) return
    try {
      await makeRoom(withSignal(this.#parts.contextOf(this.#journal), signal), this.patience)
    } catch (error) {
      this.#parts.reach.ports.log.error('Making room ended early.', { error: sentenceOf(error) })
      if (isLost(error)) this.#parts.authorityLost(error)
    }
  }

  async #getJournal(): Promise<boolean> {
    const taken = await takeOver(this.#parts.reach, this.#parts.store, (why) => {
      this.#pausedUntilTaken = why
    })
    if (taken.kind === 'journal') {
      this.#journal = taken.journal
      return true
    }
    if (taken.kind === 'observing') this.#newer = taken.why
    this.#findings = [taken.why]
    return false
  }
}

const firstPause = 1_000
/** More than the watch leaves between two looks in any case. */
const longestPause = 60_000

function findingsOf(record: UpdaterRecord, { why, unwell }: Reconciled): string[] {
  const maintenance = aboutMaintenance(record)
  if (why === asItShouldBe) return [...maintenance, ...unwell]
  return maintenance.length > 0 && record.operation === null
    ? [...maintenance, `Left to whoever works on it: ${why}`, ...unwell]
    : [...maintenance, why, ...unwell]
}

function aboutMaintenance(record: UpdaterRecord | null): string[] {
  if (record === null || record.maintenance === null) return []
  return [`${asSentence(pauseReasonOf(record) ?? '')} Nothing is started, stopped or routed until DELETE /maintenance.`]
}
