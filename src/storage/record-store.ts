import { sentenceOf, UpdaterError } from '../rollout/errors.ts'
import type { LoadedRecord, UpdaterRecord } from '../rollout/model.ts'
import { oneAtATime } from '../rollout/one-at-a-time.ts'
import { dirname } from '../rollout/paths.ts'
import type { Authority, Files, Log, Random, RecordStore } from '../rollout/ports.ts'
import { publishFile, stageFile } from '../rollout/whole-file.ts'
import { decodeRecord, encodeRecord } from './record-file.ts'
import { createStorageChecks } from './record-schema.ts'
import type { StorageChecks } from './record-schema.ts'
import type { SpaceReserve } from './space-reserve.ts'

export interface RecordStoreOptions {
  /** `UPDATER_STATE_PATH`, absolute. Its directory must exist. */
  readonly path: string
  readonly files: Files
  readonly random: Random
  readonly log: Log
  /** Shared by all stores of a process: compiling them takes 50 ms and more. Default: checks of its own. */
  readonly checks?: StorageChecks
  /** The form of the file. Default: the one of record-file.ts with these checks; a simulation remembers what it made of the same record or bytes. */
  readonly form?: RecordForm
  /** What a record that settles something may use on a full disk. Default: nothing is kept. */
  readonly reserve?: SpaceReserve
  /** Asked at the last moment before the rename: whoever was stopped in a write must not undo what a later updater wrote (I5). Default: nobody else is there. */
  readonly authority?: Authority
}

/** Record and bytes, in both directions; the same for the same. */
export interface RecordForm {
  encode(record: UpdaterRecord): Uint8Array
  decode(bytes: Uint8Array): LoadedRecord
}

/** Readable by the stack's other services, as the predecessor's file was; it holds no secret. */
const mode = 0o644

/**
 * The record in one JSON file.
 *
 * A write makes, in this order: (1) a copy of the file as it lies there, durable under a temporary name, renamed to
 * `<path>.previous`; (2) the new generation, durable under a temporary name; (3) one rename of it to `path` and a sync
 * of the directory. So `path` is at every instant the complete old or the complete new generation, there is no moment
 * without it, and the acknowledged one is never the one being replaced: a cut before the end of (3) leaves it under
 * `path`, one after it finds the new one there. `.previous` is a copy, not a link, so that damage to the one file does
 * not reach the other. Only a readable file becomes `.previous`; a damaged one is kept as `<path>.damaged`.
 *
 * A `path` that cannot be read is `damaged` even where `.previous` is fine: the previous generation is older than what
 * was acknowledged; a commit, a hold or a quarantine may be missing from it, and undoing or finishing by it could stop
 * the color that serves. It is kept for people; what follows is R4 (nothing undone, held). The same holds for a `path`
 * that is gone while `.previous` is there (fault 15). Only a directory without either is `none`.
 */
export function createRecordStore(options: RecordStoreOptions): RecordStore {
  const { path, files, reserve, authority } = options
  const form = formOf(options)
  const directory = dirname(path)
  const previousPath = previousOf(path)
  const damagedPath = `${path}.damaged`
  const temporaryPrefix = `${path.slice(path.lastIndexOf('/') + 1)}.tmp-`
  const inTurn = oneAtATime()
  /** Whether a write failed since the last sweep: its temporary file may still lie there. */
  let littered = false
  /** What this store wrote last: lying there unchanged it needs no second reading. */
  let own: Uint8Array | null = null

  return {
    load: () => inTurn(load),
    write: (record) => inTurn(() => write(record)),
  }

  async function load(): Promise<LoadedRecord> {
    const loaded = await lookAtRecord({ path, files, form })
    if (loaded.kind !== 'newer') await sweep()
    return loaded
  }

  async function write(record: UpdaterRecord): Promise<void> {
    try {
      const bytes = encode(record)
      await (reserve !== undefined && settles(record) ? reserve.spend(() => replace(bytes, record)) : replace(bytes, record))
    } catch (error) {
      if (error instanceof UpdaterError) throw error
      throw new UpdaterError('storage_failed', `The record ${path} could not be written (${sentenceOf(error)}); free space or mend the disk.`, { cause: error })
    }
    await reserve?.take()
  }

  async function replace(bytes: Uint8Array, record: UpdaterRecord): Promise<void> {
    if (littered) await sweep()
    littered = true
    const current = await files.read(path)
    if (current !== null) await setAside(current, record)
    const staged = await stage(bytes)
    await orDiscard(staged, async () => {
      authority?.check()
      await publishFile(files, staged, path)
    })
    littered = false
    own = bytes
  }

  /** Nothing is written that could not be read again. */
  function encode(record: UpdaterRecord): Uint8Array {
    const bytes = form.encode(record)
    const readAgain = form.decode(bytes)
    if (readAgain.kind === 'damaged') throw new UpdaterError('storage_failed', `The record was not written: ${readAgain.reason}.`)
    return bytes
  }

  async function setAside(current: Uint8Array, record: UpdaterRecord): Promise<void> {
    if (own !== null && Buffer.compare(own, current) === 0) return moveAside(current, previousPath)
    const loaded = form.decode(current)
    if (loaded.kind === 'newer') {
      throw new UpdaterError('storage_failed', `The record ${path} was written by a newer updater (schema ${loaded.schema}); it is left untouched.`)
    }
    if (loaded.kind === 'record' && loaded.record.epoch > record.epoch) {
      throw new UpdaterError('authority_lost', `The record ${path} was written by a later updater (epoch ${loaded.record.epoch}, ours is ${record.epoch}); this one changes nothing any more.`)
    }
    await moveAside(current, loaded.kind === 'damaged' ? damagedPath : previousPath)
  }

  async function moveAside(current: Uint8Array, to: string): Promise<void> {
    const copy = await stage(current)
    // Made durable by the sync of the directory that the next stage brings.
    await orDiscard(copy, () => files.rename(copy, to))
  }

  /** A name of its own for every write: a file whose sync failed is never written again (fault 12). */
  async function stage(bytes: Uint8Array): Promise<string> {
    const temporary = `${directory}/${temporaryPrefix}${options.random.token()}`
    await stageFile(files, temporary, bytes, mode)
    return temporary
  }

  /** A rename that failed leaves its file; on a full disk that is space. One that took effect all the same left none. */
  async function orDiscard(staged: string, move: () => Promise<void>): Promise<void> {
    try {
      await move()
    } catch (error) {
      await files.remove(staged).catch(() => undefined) // the next write sweeps
      throw error
    }
  }

  async function sweep(): Promise<void> {
    try {
      for (const name of await files.list(directory)) {
        if (name.startsWith(temporaryPrefix)) await files.remove(`${directory}/${name}`)
      }
      littered = false
    } catch (error) {
      // Leftovers of a killed write cost a little space and nothing else; a read-only disk must not stop the start.
      options.log.warn(`Leftovers of the record in ${directory} could not be removed: ${sentenceOf(error)}`)
    }
  }
}

/** What lies there, and nothing is changed by looking: also for whoever is not the daemon. @throws storage_failed */
export async function lookAtRecord(options: Pick<RecordStoreOptions, 'path' | 'files' | 'checks' | 'form'>): Promise<LoadedRecord> {
  const { path, files } = options
  const form = formOf(options)
  const previousPath = previousOf(path)
  try {
    const bytes = await files.read(path)
    if (bytes !== null) return explain(path, form.decode(bytes))
    if ((await files.read(previousPath)) === null) return { kind: 'none' }
  } catch (error) {
    throw new UpdaterError('storage_failed', `The record ${path} cannot be read (${sentenceOf(error)}); mend the disk or its permissions and restart.`, { cause: error })
  }
  return { kind: 'damaged', reason: `The record ${path} is gone, but ${previousPath} is there: it was removed after the first run. The previous generation is older and is not used.` }
}

function formOf({ checks = createStorageChecks(), form }: Pick<RecordStoreOptions, 'checks' | 'form'>): RecordForm {
  return form ?? { encode: encodeRecord, decode: (bytes) => decodeRecord(bytes, checks) }
}

function previousOf(path: string): string {
  return `${path}.previous`
}

function explain(path: string, loaded: LoadedRecord): LoadedRecord {
  if (loaded.kind !== 'damaged') return loaded
  return { kind: 'damaged', reason: `The record ${path} cannot be used: ${loaded.reason}. Its previous generation is older than what was last acknowledged and is not used.` }
}

/**
 * Whether a record settles something: no operation is open, or the open one is on its way back. The space in reserve is
 * for these; an intent to go on that meets a full disk fails, and the undo that follows has the space to be told.
 */
function settles({ operation }: UpdaterRecord): boolean {
  return operation === null || operation.failure !== null || operation.pauseRequested !== null || operation.stoppedCleanly
}
