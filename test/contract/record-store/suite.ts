import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Files, RecordStore } from '../../../src/rollout/ports.ts'
import { openOperation, operatorHold, recordOf } from './records.ts'

/** A place for one record file. */
export interface RecordStoreWorld {
  readonly files: Files
  /** Of the record; its directory exists and is otherwise empty. */
  readonly path: string
  /** A new store on that place, as after a restart. */
  open(): RecordStore
  dispose(): Promise<void>
}

/** What the record's home promises, seen through the file that others read as well. */
export function recordStoreContract(name: string, open: () => Promise<RecordStoreWorld>): void {
  describe(`RecordStore: ${name}`, () => {
    let world: RecordStoreWorld
    beforeEach(async () => {
      world = await open()
    })
    afterEach(() => world.dispose())

    const bytes = async (path = world.path) => (await world.files.read(path)) ?? new Uint8Array()
    const content = async (): Promise<unknown> => JSON.parse(new TextDecoder().decode(await bytes()))
    const put = async (data: string | Uint8Array) => {
      await world.files.remove(world.path)
      const file = await world.files.create(world.path, 0o644)
      await file.write(typeof data === 'string' ? new TextEncoder().encode(data) : data)
      await file.close()
    }
    const names = () => world.files.list(world.path.slice(0, world.path.lastIndexOf('/')))

    test('an empty directory holds no record', async () => {
      expect(await world.open().load()).toEqual({ kind: 'none' })
    })

    test.each([
      ['a settled record', recordOf()],
      ['an open operation with every field set', recordOf({ operation: openOperation, holds: [operatorHold] })],
      ['a record of nothing but nulls', recordOf({ lastGood: null, generation: null, lastResult: null, lastCheckedAt: null })],
    ])('%s is read back as it was written', async (_name, record) => {
      await world.open().write(record)
      expect(await world.open().load()).toEqual({ kind: 'record', record })
    })

    test('the newest of many writes is read, and the one before it is kept beside it', async () => {
      const store = world.open()
      for (const sequence of [1, 2, 3]) await store.write(recordOf({ sequence }))
      expect(await world.open().load()).toMatchObject({ kind: 'record', record: { sequence: 3 } })
      expect(JSON.parse(new TextDecoder().decode(await bytes(`${world.path}.previous`)))).toMatchObject({ sequence: 2 })
      expect((await names()).length).toBe(2)
    })

    test('writes that overlap leave the last one', async () => {
      const store = world.open()
      await Promise.all([1, 2, 3, 4].map((sequence) => store.write(recordOf({ sequence }))))
      expect(await store.load()).toMatchObject({ record: { sequence: 4 } })
    })

    test('an older reader finds its keys, and sees a settled stack as not paused', async () => {
      await world.open().write(recordOf())
      expect(await content()).toMatchObject({
        active_color: 'blue', last_good_tag: 'v1.0.0', paused: false, pause_reason: null, last_checked_at: '2026-11-01T08:00:00.000Z',
        last_attempted_tag: 'v1.0.0', last_success_at: '2026-10-01T00:00:12.500Z', last_failure_at: null, resumed_at: null,
      })
    })

    test('an older reader sees a hold and an open operation as paused, with the reason', async () => {
      await world.open().write(recordOf({ holds: [operatorHold] }))
      expect(await content()).toMatchObject({ paused: true, pause_reason: 'maintenance tonight' })
      await world.open().write(recordOf({ operation: openOperation }))
      expect(await content()).toMatchObject({ paused: true, pause_reason: expect.stringContaining('v1.1.0') })
    })

    test('maintenance mode is kept, and is a pause for an older reader', async () => {
      const maintenance = { reason: 'new disks', by: 'api 127.0.0.1', since: '2026-11-01T07:00:00.000Z' }
      await world.open().write(recordOf({ maintenance }))
      expect(await world.open().load()).toMatchObject({ record: { maintenance } })
      expect(await content()).toMatchObject({ paused: true, pause_reason: expect.stringContaining('new disks') })
    })

    test('the predecessor\'s file is taken over without loss, keys that nobody knows included', async () => {
      const unknown = { rollout_count: 7, notes: { by: ['ann'] } }
      await put(JSON.stringify({ active_color: 'green', last_good_tag: 'v0.9.0', paused: true, pause_reason: 'broke', ...unknown }))
      const loaded = await world.open().load()
      expect(loaded).toEqual({
        kind: 'predecessor',
        state: {
          activeColor: 'green', lastGoodTag: 'v0.9.0', paused: true, pauseReason: 'broke', lastCheckedAt: null,
          lastAttemptedTag: null, lastSuccessAt: null, lastFailureAt: null, resumedAt: null, unknownKeys: unknown,
        },
      })
      await world.open().write(recordOf({ unknownKeys: unknown }))
      expect(await content()).toMatchObject(unknown)
      expect(await world.open().load()).toMatchObject({ record: { unknownKeys: unknown } })
    })

    test('an unknown key cannot take the place of one of ours', async () => {
      await world.open().write(recordOf({ unknownKeys: { paused: 'no', record: 1, checksum: 'x', keep: true } }))
      expect(await world.open().load()).toMatchObject({ kind: 'record', record: { unknownKeys: { keep: true } } })
    })

    test.each([
      ['empty', ''],
      ['zeros', '\0'.repeat(64)],
      ['not an object', '[]'],
      ['an empty object', '{}'],
      ['a predecessor\'s file with a color that does not exist', '{"active_color":"purple"}'],
      ['a predecessor\'s file whose pause is unclear', '{"active_color":"blue","paused":"maybe"}'],
    ])('a file that is %s is damaged, never a fresh start', async (_name, data) => {
      await put(data)
      expect(await world.open().load()).toMatchObject({ kind: 'damaged', reason: expect.stringContaining(world.path) })
    })

    test('fault 14: a record cut short anywhere is damaged', async () => {
      const store = world.open()
      await store.write(recordOf({ operation: openOperation }))
      const whole = await bytes()
      for (let length = 0; length < whole.length - 1; length += 97) {
        await put(whole.subarray(0, length))
        expect((await store.load()).kind, `cut at ${length}`).toBe('damaged')
      }
    })

    test('fault 14: a record edited by hand is damaged, so that a pause cannot be lifted that way', async () => {
      await world.open().write(recordOf({ holds: [operatorHold] }))
      await put(new TextDecoder().decode(await bytes()).replace('"paused": true', '"paused": false'))
      expect(await world.open().load()).toMatchObject({ kind: 'damaged', reason: expect.stringContaining('checksum') })
    })

    test('fault 15: a record that is gone while the previous generation is there is damaged, not a first start', async () => {
      const store = world.open()
      await store.write(recordOf({ sequence: 1 }))
      await store.write(recordOf({ sequence: 2 }))
      await world.files.remove(world.path)
      expect((await world.open().load()).kind).toBe('damaged')
    })

    test('after damage a new record can be written; the damaged file is kept and the good previous one too', async () => {
      const store = world.open()
      await store.write(recordOf({ sequence: 1 }))
      await store.write(recordOf({ sequence: 2 }))
      await put('rubbish')
      await store.write(recordOf({ sequence: 3 }))
      expect(await world.open().load()).toMatchObject({ record: { sequence: 3 } })
      expect(new TextDecoder().decode(await bytes(`${world.path}.damaged`))).toBe('rubbish')
      expect(new TextDecoder().decode(await bytes(`${world.path}.previous`))).toContain('"sequence": 1')
    })

    test('fault 16: a record of a newer version is told, and refuses to be replaced', async () => {
      const newer = '{"schema":2,"active_color":"blue","record":{"entirely":"different"}}'
      await put(newer)
      const store = world.open()
      expect(await store.load()).toEqual({ kind: 'newer', schema: 2 })
      await expect(store.write(recordOf())).rejects.toMatchObject({ code: 'storage_failed' })
      expect(new TextDecoder().decode(await bytes())).toBe(newer)
    })

    test('a daemon that was taken over can no longer write', async () => {
      await world.open().write(recordOf({ sequence: 5, epoch: 2 }))
      await expect(world.open().write(recordOf({ sequence: 6, epoch: 1 }))).rejects.toMatchObject({ code: 'authority_lost' })
      expect(await world.open().load()).toMatchObject({ record: { sequence: 5, epoch: 2 } })
    })

    test('nothing is written that could not be read again', async () => {
      const store = world.open()
      await store.write(recordOf({ sequence: 1 }))
      await expect(store.write(recordOf({ sequence: 2, lastBuildBytes: Number.NaN }))).rejects.toMatchObject({ code: 'storage_failed' })
      expect(await world.open().load()).toMatchObject({ record: { sequence: 1 } })
    })

    test('leftovers of killed writes are swept by the next start', async () => {
      const file = await world.files.create(`${world.path}.tmp-0123456789abcdef0123456789abcdef`, 0o644)
      await file.close()
      await world.open().write(recordOf())
      await world.open().load()
      expect(await names()).toHaveLength(1)
    })
  })
}
