import { sentenceOf, UpdaterError } from '../rollout/errors.ts'
import type { HistoryEntry } from '../rollout/model.ts'
import { oneAtATime } from '../rollout/one-at-a-time.ts'
import { dirname } from '../rollout/paths.ts'
import type { Files, HistoryStore, Log, Random } from '../rollout/ports.ts'
import { publishFile, stageFile } from '../rollout/whole-file.ts'
import { createStorageChecks } from './record-schema.ts'
import type { StorageChecks } from './record-schema.ts'
import type { SpaceReserve } from './space-reserve.ts'

export interface HistoryStoreOptions {
  /** Absolute path of the JSON lines file. Its directory must exist. */
  readonly path: string
  readonly files: Files
  readonly random: Random
  readonly log: Log
  /** Entries kept; the file is rewritten when it has twice as many lines. */
  readonly limit?: number
  /** Shared by all stores of a process: compiling them takes 50 ms and more. Default: checks of its own. */
  readonly checks?: StorageChecks
  /** What an entry may use on a full disk. Default: nothing is kept. */
  readonly reserve?: SpaceReserve
}

const mode = 0o644

/** Whole lines in the file; `unseen` before the first look, `torn` when only a replacement of the file makes it good. */
type Lines = number | 'unseen' | 'torn'

/**
 * One JSON object a line. An append is one write and one sync. A file whose last line is torn, whose last append
 * failed (after a failed sync a file is not to be trusted, fault 12), or that has grown to twice the limit is replaced
 * as a whole by its readable entries.
 */
export function createHistoryStore(options: HistoryStoreOptions): HistoryStore {
  const { path, files, limit = 1_000, checks = createStorageChecks(), reserve } = options
  const inTurn = oneAtATime()
  let lines: Lines = 'unseen'

  return {
    append: (entry) => inTurn(() => failingAs('written', () => (reserve === undefined ? append(entry) : reserve.spend(() => append(entry))))),
    entries: () => inTurn(() => failingAs('read', async () => (await readEntries()).slice(-limit))),
  }

  async function append(entry: HistoryEntry): Promise<void> {
    // What a killed or failed replacement left goes first: on a full disk it is space.
    if (lines === 'unseen' || lines === 'torn') await sweep()
    const known = lines === 'unseen' ? await countLines() : lines
    lines = 'torn'
    if (known === 'torn' || known >= 2 * limit) {
      lines = await rewrite(entry)
    } else {
      await appendLine(entry, known === 0)
      lines = known + 1
    }
  }

  async function countLines(): Promise<number | 'torn'> {
    const bytes = await files.read(path)
    if (bytes === null || bytes.length === 0) return 0
    if (bytes.at(-1) !== newline) return 'torn'
    return bytes.reduce((count, byte) => (byte === newline ? count + 1 : count), 0)
  }

  async function appendLine(entry: HistoryEntry, isNew: boolean): Promise<void> {
    const file = await files.append(path, mode)
    try {
      await file.write(Buffer.from(lineOf(entry)))
      await file.sync()
    } finally {
      await file.close()
    }
    if (isNew) await files.syncDirectory(dirname(path))
  }

  async function rewrite(entry: HistoryEntry): Promise<number> {
    const kept = mergeByOperation([...(await readEntries()), entry]).slice(-limit)
    const staged = `${path}.tmp-${options.random.token()}`
    await stageFile(files, staged, Buffer.from(kept.map(lineOf).join('')), mode)
    await publishFile(files, staged, path)
    return kept.length
  }

  async function sweep(): Promise<void> {
    const prefix = `${path.slice(path.lastIndexOf('/') + 1)}.tmp-`
    try {
      for (const name of await files.list(dirname(path))) {
        if (name.startsWith(prefix)) await files.remove(`${dirname(path)}/${name}`)
      }
    } catch (error) {
      options.log.warn(`Leftovers of the history beside ${path} could not be removed: ${sentenceOf(error)}`)
    }
  }

  async function readEntries(): Promise<HistoryEntry[]> {
    const bytes = await files.read(path)
    if (bytes === null) return []
    const lines = new TextDecoder().decode(bytes).split('\n').filter((line) => line !== '')
    const entries = lines.map(parseLine).filter((entry) => entry !== null)
    if (entries.length < lines.length) {
      options.log.warn(`${lines.length - entries.length} unreadable lines of the history ${path} were left out`)
    }
    return mergeByOperation(entries)
  }

  function parseLine(line: string): HistoryEntry | null {
    try {
      const parsed: unknown = JSON.parse(line)
      return checks.historyLine(parsed) ? parsed : null
    } catch {
      // A torn line: the caller counts and tells it.
      return null
    }
  }

  async function failingAs<T>(what: 'read' | 'written', task: () => Promise<T>): Promise<T> {
    try {
      return await task()
    } catch (error) {
      throw new UpdaterError('storage_failed', `The history ${path} could not be ${what} (${sentenceOf(error)}).`, { cause: error })
    }
  }
}

const newline = 0x0a

function lineOf(entry: HistoryEntry): string {
  return `${JSON.stringify(entry)}\n`
}

/** The last line of an operation counts; it stands where the operation's first one stood. */
function mergeByOperation(entries: readonly HistoryEntry[]): HistoryEntry[] {
  return [...new Map(entries.map((entry) => [entry.result.operationId, entry])).values()]
}
