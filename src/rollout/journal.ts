import { UpdaterError, isLost, sentenceOf } from './errors.ts'
import type { OpenOperation, UpdaterRecord } from './model.ts'
import { oneAtATime } from './one-at-a-time.ts'
import type { Log, RecordStore } from './ports.ts'

/** A change of the record, computed from the record as it stands when its turn comes. */
export type Change = (record: UpdaterRecord) => UpdaterRecord

/**
 * The record in memory and on disk. Writes go one after the other, each under the next sequence number; readers never
 * wait. After a write that reported an error it is undetermined which of the two is on disk, until a later one succeeds.
 */
export class Journal {
  readonly #store: RecordStore
  readonly #log: Log
  #record: UpdaterRecord
  #durableSequence: number
  #undetermined = false
  #unsaved = false
  readonly #inTurn = oneAtATime()

  constructor(store: RecordStore, log: Log, record: UpdaterRecord) {
    this.#store = store
    this.#log = log
    this.#record = record
    this.#durableSequence = record.sequence
  }

  /** The facts as this process knows them. */
  get record(): UpdaterRecord {
    return this.#record
  }

  /** Whether a failed write leaves open which color the record on the disk names: nothing may be stopped then (design.md, "The record"). */
  get undetermined(): boolean {
    return this.#undetermined
  }

  /** Number of the last record that is known to be on the disk: routes may carry no higher one, or the record looks restored (R4). */
  get durableSequence(): number {
    return this.#durableSequence
  }

  /** The open operation. @throws Error when there is none: a fault of the caller */
  get operation(): OpenOperation {
    const { operation } = this.#record
    if (operation === null) throw new Error('no operation is open')
    return operation
  }

  /** Makes a change durable; in memory it counts only then. @throws storage_failed */
  commit(change: Change): Promise<void> {
    return this.#inTurn(async () => {
      const next = this.#numbered(change)
      try {
        await this.#store.write(next)
      } catch (error) {
        this.#unsaved = true
        this.#undetermined ||= next.activeColor !== this.#record.activeColor
        this.#record = { ...this.#record, sequence: next.sequence }
        throw storageFailure(error)
      }
      this.#written(next)
    })
  }

  /**
   * Like `commit`, but counts in memory at once and only warns when storage fails: for what holds whether or not it can be
   * written. @throws authority_lost: another updater has written the record
   */
  note(change: Change): Promise<void> {
    return this.#inTurn(async () => {
      const next = this.#numbered(change)
      this.#record = next
      try {
        await this.#store.write(next)
      } catch (error) {
        this.#unsaved = true
        if (isLost(error)) throw error
        this.#log.error('The record could not be written; it is kept in memory and written again with the next change.', { error: sentenceOf(error) })
        return
      }
      this.#written(next)
    })
  }

  /** A change that may be lost in a crash without harm: it counts in memory and is written with the next one. */
  remember(change: Change): Promise<void> {
    return this.#inTurn(() => {
      this.#record = change(this.#record)
      return Promise.resolve()
    })
  }

  /** Resolves once all changes that were asked for before have had their turn. */
  caughtUp(): Promise<void> {
    return this.#inTurn(() => Promise.resolve())
  }

  /** Writes what could not be written. @throws storage_failed */
  async save(): Promise<void> {
    if (this.#unsaved) await this.commit((record) => record)
  }

  /** Before anything is stopped: makes certain which color the record on the disk names. @throws storage_failed */
  async settle(): Promise<void> {
    if (this.#undetermined) await this.save()
  }

  /** A change may raise the number itself, to get above one that was found in the world (R4). */
  #numbered(change: Change): UpdaterRecord {
    const changed = change(this.#record)
    return { ...changed, sequence: Math.max(changed.sequence, this.#record.sequence) + 1 }
  }

  #written(next: UpdaterRecord): void {
    this.#record = next
    this.#durableSequence = next.sequence
    this.#undetermined = false
    this.#unsaved = false
  }
}

/** Changes the open operation; a record without one stays as it is. */
export function changeOperation(change: (operation: OpenOperation) => OpenOperation): Change {
  return (record) => (record.operation === null ? record : { ...record, operation: change(record.operation) })
}

function storageFailure(error: unknown): UpdaterError {
  if (error instanceof UpdaterError) return error
  return new UpdaterError('storage_failed', `The record could not be written: ${sentenceOf(error)}. Free space or repair the state directory, then unpause.`, { cause: error })
}
