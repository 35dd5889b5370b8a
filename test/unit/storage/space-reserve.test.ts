import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { Files } from '../../../src/rollout/ports.ts'
import { createNodeFiles } from '../../../src/storage/node-files.ts'
import { createSpaceReserve } from '../../../src/storage/space-reserve.ts'
import { killedAt } from './failing-files.ts'
import { runUnderMount, titleWithMounts, withoutMounts } from './own-mounts.ts'
import { silentLog } from './silent-log.ts'

const pieceSize = 10_000
const whole = Array.from({ length: 8 }, () => pieceSize)

describe('the space in reserve', () => {
  let directory: string
  let path: string
  let warnings: string[]
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'zeth-reserve-'))
    path = join(directory, 'updater-reserve')
    warnings = []
  })
  afterEach(() => rm(directory, { recursive: true }))

  const nodeFiles = createNodeFiles()
  const open = (files: Files = nodeFiles) => createSpaceReserve({ path, files, pieceSize, log: { ...silentLog, warn: (message) => warnings.push(message) } })
  const failure = (code: string) => Object.assign(new Error(`${code}: the disk`), { code })
  /** Rejects so often with this code, then resolves; counts its calls. */
  const write = (times: number, code = 'ENOSPC') => {
    const calls = { count: 0 }
    const run = async () => {
      calls.count += 1
      if (calls.count <= times) throw failure(code)
      return 'written'
    }
    return { run, calls }
  }
  const lengths = async () => Promise.all((await nodeFiles.list(directory)).sort().map(async (name) => (await stat(join(directory, name))).size))

  test('is bytes that are really there and that no file system can press together', async () => {
    await open().take()
    expect(await lengths()).toEqual(whole)
    expect((await stat(`${path}-0`)).blocks * 512).toBeGreaterThanOrEqual(pieceSize)
    expect(gzipSync(await readFile(`${path}-0`)).length).toBeGreaterThan(pieceSize)
  })

  test('is given up as far as a write on a full disk needs, which is done again, and is taken again afterwards', async () => {
    const reserve = open()
    await reserve.take()
    const { run, calls } = write(3)
    expect(await reserve.spend(run)).toBe('written')
    expect(calls.count).toBe(4)
    expect(await lengths()).toEqual(whole.slice(3))
    expect(warnings).toHaveLength(3)
    expect(warnings[0]).toMatch(/^The disk is full\. Space that was kept in .*updater-reserve-7 was given up/)
    await reserve.take()
    expect(await lengths()).toEqual(whole)
  })

  test('left by an earlier process is given up as well', async () => {
    await open().take()
    expect(await open().spend(write(1).run)).toBe('written')
    expect(await lengths()).toEqual(whole.slice(1))
  })

  test('has an end: a write that still meets a full disk then fails with that', async () => {
    const reserve = open()
    await reserve.take()
    await expect(reserve.spend(write(9).run)).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(await lengths()).toEqual([])
    const again = write(1)
    await expect(reserve.spend(again.run)).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(again.calls.count).toBe(1)
  })

  test('is kept when a write fails for another reason', async () => {
    const reserve = open()
    await reserve.take()
    await expect(reserve.spend(write(1, 'EIO').run)).rejects.toMatchObject({ code: 'EIO' })
    expect(await lengths()).toEqual(whole)
  })

  test('half taken by a process that was killed is completed by the next one', async () => {
    for (let call = 1; call <= 9; call += 1) {
      await open(killedAt(nodeFiles, call, 'half')).take()
      await open().take()
      expect(await lengths(), `killed at call ${call}`).toEqual(whole)
      await rm(directory, { recursive: true })
      await mkdir(directory)
    }
  })

  test('is taken as far as there is room, without a word, and the rest when there is more', async () => {
    let room = 2
    const files: Files = { ...nodeFiles, create: async (...args) => {
      const file = await nodeFiles.create(...args)
      room -= 1
      return room < 0 ? { ...file, write: () => Promise.reject(failure('ENOSPC')) } : file
    } }
    const reserve = open(files)
    await reserve.take()
    expect(await lengths()).toEqual(whole.slice(6))
    room = 6
    await reserve.take()
    expect(await lengths()).toEqual(whole)
    expect(warnings).toEqual([])
  })

  test('that cannot be made on a read-only disk is told once and harms nothing', async () => {
    await writeFile(`${path}-0`, 'a part')
    const reserve = open({ ...nodeFiles, remove: () => Promise.reject(failure('EROFS')) })
    await reserve.take()
    await reserve.take()
    expect(warnings).toEqual([expect.stringContaining('EROFS')])
    await expect(reserve.spend(write(1).run)).rejects.toMatchObject({ code: 'ENOSPC' })
  })
})

describe.skipIf(withoutMounts)(titleWithMounts('the space in reserve on a disk that is really full'), () => {
  const script = fileURLToPath(new URL('reserve-on-full-disk.ts', import.meta.url))

  test.each([
    ['tmpfs', 'mount -t tmpfs -o size=3m none "$ROOT"'],
    ['ext4', 'truncate --size=16M "$ROOT.img" && mkfs.ext4 -q "$ROOT.img" && mount -o loop "$ROOT.img" "$ROOT" && rm "$ROOT.img"'],
  ])('fault 11: on %s an intent to go on is refused, while a failed operation, its hold and the history are written', async (_name, mount) => {
    const root = await mkdtemp(join(tmpdir(), 'zeth-full-'))
    onTestFinished(() => rm(root, { recursive: true }))
    expect(runUnderMount(mount, script, root)).toEqual({
      before: { intent: 'done', reserve: 8 },
      full: { intent: 'storage_failed', sequence: 1, reserve: 8 },
      settling: { failed: 'done', history: 'done', closed: 'done', sequence: 4, holds: ['the disk is full'], entries: 1 },
      // And a second time, long after.
      still: { intent: 'storage_failed', holdAgain: 'done', sequence: 6 },
      leftovers: [],
    })
  })
})
