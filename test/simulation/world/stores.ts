import type { HistoryEntry, LoadedRecord, UpdaterRecord } from '../../../src/rollout/model.ts'
import type { HistoryStore, RecordStore } from '../../../src/rollout/ports.ts'
import type { Life } from './life.ts'
import type { Stack } from './stack.ts'

const fileCall = 1

/** The record's home as one daemon holds it. */
export class SimulatedRecordStore implements RecordStore {
  readonly #stack: Stack
  readonly #life: Life

  constructor(stack: Stack, life: Life) {
    this.#stack = stack
    this.#life = life
  }

  load(): Promise<LoadedRecord> {
    return this.#life.call(async () => this.#stack.disk.record)
  }

  write(record: UpdaterRecord): Promise<void> {
    return this.#stack.effects.perform(this.#life, { name: 'store.write', record }, null, async () => {
      await this.#stack.time.pause(fileCall)
      if (this.#stack.disk.record.kind === 'newer') throw this.#stack.unmodelled('replacing the record of a newer version')
      this.#stack.disk.record = { kind: 'record', record: structuredClone(record) }
    })
  }
}

/** The history as one daemon holds it. */
export class SimulatedHistory implements HistoryStore {
  readonly #stack: Stack
  readonly #life: Life

  constructor(stack: Stack, life: Life) {
    this.#stack = stack
    this.#life = life
  }

  append(entry: HistoryEntry): Promise<void> {
    return this.#stack.effects.perform(this.#life, { name: 'history.append' }, null, async () => {
      await this.#stack.time.pause(fileCall)
      this.#stack.disk.history.push(structuredClone(entry))
    })
  }

  entries(): Promise<HistoryEntry[]> {
    return this.#life.call(async () => [...new Map(this.#stack.disk.history.map((entry) => [entry.result.operationId, entry])).values()])
  }
}
