import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Files } from '../../../src/rollout/ports.ts'
import { createNodeFiles } from '../../../src/storage/node-files.ts'
import { createStorageChecks } from '../../../src/storage/record-schema.ts'
import { createRecordStore } from '../../../src/storage/record-store.ts'
import { createSystemRandom } from '../../../src/storage/system-random.ts'
import { openOperation, recordOf } from '../../contract/record-store/records.ts'
import { faultAt, killedAt } from './failing-files.ts'
import type { Manner } from './failing-files.ts'
import { silentLog } from './silent-log.ts'

describe('the record when its disk fails', () => {
  let directory: string
  let path: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'zeth-record-'))
    path = join(directory, 'updater-state.json')
  })
  afterEach(() => rm(directory, { recursive: true }))

  const files = createNodeFiles()
  const checks = createStorageChecks()
  const storeOn = (on: Files) => createRecordStore({ path, files: on, random: createSystemRandom(), log: silentLog, checks })
  const old = recordOf({ sequence: 7 })
  const next = recordOf({ sequence: 8, operation: openOperation })

  /** Calls of one replacement, measured, so that no call is forgotten when the order of writing changes. */
  async function callsOfOneWrite(): Promise<string[]> {
    const counted = killedAt(files, Number.POSITIVE_INFINITY, 'instead')
    await storeOn(counted).write(next)
    return counted.calls
  }

  test('a replacement syncs every file and directory that it names', async () => {
    await storeOn(files).write(old)
    expect(await callsOfOneWrite()).toEqual([
      'create', 'write', 'sync', 'syncDirectory', 'rename', 'create', 'write', 'sync', 'syncDirectory', 'rename', 'syncDirectory',
    ])
  })

  describe.each(['instead', 'half', 'after'] as const)('killed at any call (%s)', (manner: Manner) => {
    test('leaves the complete old or the complete new record, and a complete previous one', async () => {
      await storeOn(files).write(recordOf({ sequence: 6 }))
      await storeOn(files).write(old)
      const count = (await callsOfOneWrite()).length
      const seen = new Set<unknown>()
      for (let call = 1; call <= count; call += 1) {
        await storeOn(files).write(recordOf({ sequence: 6 }))
        await storeOn(files).write(old)
        await expect(storeOn(killedAt(files, call, manner)).write(next)).rejects.toMatchObject({ code: 'storage_failed' })

        const previous: unknown = JSON.parse(await readFile(`${path}.previous`, 'utf8'))
        expect(previous, `previous at call ${call}`).toMatchObject({ sequence: expect.toSatisfy((n) => n === 6 || n === 7) })
        const loaded = await storeOn(files).load()
        expect([{ kind: 'record', record: old }, { kind: 'record', record: next }], `call ${call}`).toContainEqual(loaded)
        seen.add(loaded.kind === 'record' ? loaded.record.sequence : loaded.kind)
        expect(await files.list(directory), `leftovers at call ${call}`).toHaveLength(2)
      }
      // Killed instead of the rename leaves the old one everywhere before it; after it the new one is there.
      expect([...seen]).toEqual([7, 8])
    })

    test('at the very first write leaves no record or the complete new one', async () => {
      for (let call = 1; call <= 6; call += 1) {
        await files.remove(path)
        await expect(storeOn(killedAt(files, call, manner)).write(next)).rejects.toMatchObject({ code: 'storage_failed' })
        expect([{ kind: 'none' }, { kind: 'record', record: next }], `call ${call}`).toContainEqual(await storeOn(files).load())
      }
    })
  })

  test('fault 12: after a passing fault at any call the same store writes again, on a new file', async () => {
    await storeOn(files).write(old)
    for (let call = 1; call <= 11; call += 1) {
      const faulty = faultAt(files, call, 'instead')
      const store = storeOn(faulty)
      await expect(store.write(recordOf({ sequence: 10 * call }))).rejects.toMatchObject({ code: 'storage_failed' })
      await store.write(recordOf({ sequence: 10 * call + 1 }))
      expect(await store.load()).toMatchObject({ record: { sequence: 10 * call + 1 } })
      expect((await files.list(directory)).sort()).toEqual(['updater-state.json', 'updater-state.json.previous'])
    }
  })

  test('a rename that fails, again and again, leaves no temporary file behind, whether or not it can be removed at once', async () => {
    await storeOn(files).write(old)
    const refused = () => Promise.reject(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }))
    const count = async () => (await files.list(directory)).filter((name) => name.includes('.tmp-')).length
    const failing = storeOn({ ...files, rename: refused })
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(failing.write(next)).rejects.toMatchObject({ code: 'storage_failed' })
      expect(await count()).toBe(0)
    }
    let broken = true
    const sticky = storeOn({ ...files, rename: (from, to) => (broken ? refused() : files.rename(from, to)), remove: (path) => (broken ? refused() : files.remove(path)) })
    await expect(sticky.write(next)).rejects.toMatchObject({ code: 'storage_failed' })
    expect(await count()).toBe(1)
    broken = false
    await sticky.write(next)
    expect(await count()).toBe(0)
  })

  test('fault 14: no bit of the file can be flipped without being noticed', async () => {
    await storeOn(files).write(next)
    const good = await readFile(path)
    const store = storeOn(files)
    for (let bit = 0; bit < good.length * 8; bit += 29) {
      const flipped = Buffer.from(good)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      await writeFile(path, flipped)
      const loaded = await store.load()
      // White space carries no meaning; everything else is damage, or at worst looks like a newer file: held either way.
      if (loaded.kind === 'record') expect(loaded.record, `bit ${bit}`).toEqual(next)
      else expect(['damaged', 'newer'], `bit ${bit}`).toContain(loaded.kind)
    }
  })

  test('a file that cannot be read is an error, not an empty state', async () => {
    const unreadable: Files = { ...files, read: () => Promise.reject(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })) }
    await expect(storeOn(unreadable).load()).rejects.toMatchObject({ code: 'storage_failed', message: expect.stringContaining(path) })
  })

  test('a read-only disk does not stop the record from being read, and the leftovers are told', async () => {
    await storeOn(files).write(old)
    await writeFile(`${path}.tmp-1`, '')
    const warnings: string[] = []
    const readOnly: Files = { ...files, remove: () => Promise.reject(Object.assign(new Error('EROFS: read-only'), { code: 'EROFS' })) }
    const store = createRecordStore({ path, files: readOnly, random: createSystemRandom(), log: { ...silentLog, warn: (message) => warnings.push(message) } })
    expect(await store.load()).toMatchObject({ record: { sequence: 7 } })
    expect(warnings).toEqual([expect.stringContaining('EROFS')])
  })
})
