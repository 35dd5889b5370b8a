import { expect, test } from 'vitest'
import { Journal, changeOperation } from '../../../src/rollout/journal.ts'
import { UpdaterError } from '../../../src/rollout/errors.ts'
import type { UpdaterRecord } from '../../../src/rollout/model.ts'
import type { RecordStore } from '../../../src/rollout/ports.ts'
import { openOperation, recordOf } from '../../contract/record-store/records.ts'
import { silentLog } from '../storage/silent-log.ts'

interface Written {
  readonly store: RecordStore
  readonly records: UpdaterRecord[]
  fails: boolean
}

function written(): Written {
  const result: Written = {
    records: [],
    fails: false,
    store: {
      load: () => Promise.reject(new Error('a journal does not load')),
      write: async (record) => {
        if (result.fails) throw new Error('no space')
        result.records.push(record)
      },
    },
  }
  return result
}

const checked = (at: string) => (record: UpdaterRecord): UpdaterRecord => ({ ...record, lastCheckedAt: at })

test('every write has the next number, and counts when it is durable', async () => {
  const { store, records } = written()
  const journal = new Journal(store, silentLog, recordOf({ sequence: 7 }))
  const writing = journal.commit(checked('a'))
  expect(journal.record).toMatchObject({ sequence: 7, lastCheckedAt: recordOf().lastCheckedAt })
  await writing
  await journal.commit(checked('b'))
  expect(records.map(({ sequence, lastCheckedAt }) => [sequence, lastCheckedAt])).toEqual([[8, 'a'], [9, 'b']])
  expect(journal.record).toBe(records[1])
})

test('changes asked for at once are made one after the other, each over the one before', async () => {
  const { store, records } = written()
  const journal = new Journal(store, silentLog, recordOf({ sequence: 1 }))
  const more = (record: UpdaterRecord): UpdaterRecord => ({ ...record, failuresInARow: record.failuresInARow + 1 })
  await Promise.all([journal.commit(more), journal.note(more), journal.commit(more)])
  expect(records.map(({ sequence, failuresInARow }) => [sequence, failuresInARow])).toEqual([[2, 1], [3, 2], [4, 3]])
})

test('a commit that fails changes nothing in memory, is told, and leaves its number unused', async () => {
  const disk = written()
  const journal = new Journal(disk.store, silentLog, recordOf({ sequence: 1 }))
  disk.fails = true
  await expect(journal.commit(checked('a'))).rejects.toMatchObject({ code: 'storage_failed', message: expect.stringContaining('no space') })
  expect(journal.record.lastCheckedAt).toBe(recordOf().lastCheckedAt)
  expect(journal.durableSequence).toBe(1)
  disk.fails = false
  await journal.commit(checked('b'))
  expect(journal.durableSequence).toBe(3)
  expect(disk.records.map(({ sequence }) => sequence)).toEqual([3])
})

test('which color the disk names is undetermined only after a failed write that would have changed it, until a later one succeeds', async () => {
  const disk = written()
  const journal = new Journal(disk.store, silentLog, recordOf({ activeColor: 'blue' }))
  disk.fails = true
  await expect(journal.commit(checked('a'))).rejects.toThrow('no space')
  expect(journal.undetermined).toBe(false)
  await journal.settle()
  await expect(journal.commit((record) => ({ ...record, activeColor: 'green' }))).rejects.toThrow('no space')
  expect(journal.undetermined).toBe(true)
  await expect(journal.settle()).rejects.toThrow('no space')
  disk.fails = false
  await journal.settle()
  expect(journal.undetermined).toBe(false)
  expect(disk.records).toMatchObject([{ activeColor: 'blue' }])
})

test('a note that another updater has forestalled is no warning but the end', async () => {
  const lost = new UpdaterError('authority_lost', 'a later updater wrote it')
  const store: RecordStore = { load: () => Promise.reject(new Error('a journal does not load')), write: () => Promise.reject(lost) }
  await expect(new Journal(store, silentLog, recordOf()).note(checked('a'))).rejects.toBe(lost)
})

test('a note counts in memory although it cannot be written, and is written with the next save', async () => {
  const disk = written()
  const journal = new Journal(disk.store, silentLog, recordOf({ sequence: 1 }))
  disk.fails = true
  await journal.note(checked('a'))
  expect(journal.record.lastCheckedAt).toBe('a')
  await expect(journal.save()).rejects.toMatchObject({ code: 'storage_failed' })
  disk.fails = false
  await journal.save()
  expect(disk.records).toMatchObject([{ lastCheckedAt: 'a' }])
  await journal.save()
  expect(disk.records).toHaveLength(1)
})

test('a failed write does not hold up the next one', async () => {
  const disk = written()
  const journal = new Journal(disk.store, silentLog, recordOf())
  disk.fails = true
  const [first, second] = [journal.commit(checked('a')), journal.commit(checked('b'))]
  await expect(first).rejects.toThrow('no space')
  await expect(second).rejects.toThrow('no space')
})

test('a change may raise the number above one that was found in the world', async () => {
  const { store, records } = written()
  const journal = new Journal(store, silentLog, recordOf({ sequence: 4 }))
  await journal.commit((record) => ({ ...record, sequence: 90 }))
  expect(records[0]?.sequence).toBe(91)
})

test('a change of the operation leaves a record without one as it is', () => {
  const turn = changeOperation((operation) => ({ ...operation, step: 'drain' }))
  const idle = recordOf()
  expect(turn(idle)).toBe(idle)
  expect(turn(recordOf({ operation: openOperation })).operation?.step).toBe('drain')
})

test('asking for the operation when none is open is a fault of the caller', () => {
  expect(() => new Journal(written().store, silentLog, recordOf()).operation).toThrow('no operation is open')
})
