import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { UpdaterRecord } from '../../../src/rollout/model.ts'
import { createHistoryStore } from '../../../src/storage/history-store.ts'
import { createNodeFiles } from '../../../src/storage/node-files.ts'
import { createRecordStore } from '../../../src/storage/record-store.ts'
import { createSpaceReserve } from '../../../src/storage/space-reserve.ts'
import { createSystemRandom } from '../../../src/storage/system-random.ts'
import { openOperation, recordOf } from '../../contract/record-store/records.ts'
import { silentLog } from './silent-log.ts'

/* Run on a small file system of its own, given as argument: a rollout whose disk fills up, down to its storage. */

const root = process.argv[2] ?? ''
const files = createNodeFiles()
const random = createSystemRandom()
const reserve = createSpaceReserve({ path: join(root, 'updater-reserve'), files, log: silentLog })
const store = createRecordStore({ path: join(root, 'updater-state.json'), files, random, log: silentLog, reserve })
const history = createHistoryStore({ path: join(root, 'updater-history.jsonl'), files, random, log: silentLog, reserve })

async function outcome(task: () => Promise<unknown>): Promise<unknown> {
  try {
    return (await task()) ?? 'done'
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : String(error)
  }
}

/** Takes every byte that is left. */
async function fill(name: string): Promise<void> {
  for (const size of [1 << 16, 4096, 1]) {
    for (let n = 0; ; n += 1) {
      if ((await outcome(() => writeFile(join(root, `ballast-${name}-${size}-${n}`), new Uint8Array(size)))) !== 'done') break
    }
  }
}

const going = { ...openOperation, failure: null, pauseRequested: null }
const failing = { ...going, failure: { code: 'storage_failed', cause: 'integrity', sentence: 'the disk is full', step: null } } as const
const hold = { reason: 'the disk is full', origin: 'storage_failed', since: '2026-11-01T00:00:00.000Z' } as const
const put = (changes: Partial<UpdaterRecord>) => outcome(() => store.write(recordOf(changes)))
const look = async () => {
  const loaded = await store.load()
  return loaded.kind === 'record' ? loaded.record : null
}
const there = async () => (await files.list(root)).filter((name) => name.startsWith('updater-reserve-')).length

const { lastResult } = recordOf()
if (lastResult === null) throw new Error('the record has a last result')
const before = { intent: await put({ sequence: 1, operation: going }), reserve: await there() }
await fill('first')
const full = { intent: await put({ sequence: 2, operation: going }), sequence: (await look())?.sequence, reserve: await there() }
const failed = await put({ sequence: 3, operation: failing })
const told = await outcome(() => history.append({ tag: 'v1.1.0', version: '1.1.0', timestamp: '2026-11-01T00:00:00.000Z', result: { ...lastResult, operationId: 'op-1' } }))
const closed = await put({ sequence: 4, operation: null, holds: [hold] })
const record = await look()
const settling = {
  failed, history: told, closed, sequence: record?.sequence, holds: record?.holds.map(({ reason }) => reason), entries: (await history.entries()).length,
}
await fill('second')
const still = { intent: await put({ sequence: 5, operation: going }), holdAgain: await put({ sequence: 6, holds: [hold, hold] }), sequence: (await look())?.sequence }
const leftovers = (await files.list(root)).filter((name) => name.includes('.tmp'))
process.stdout.write(JSON.stringify({ before, full, settling, still, leftovers }))
