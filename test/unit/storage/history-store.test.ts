import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { HistoryEntry } from '../../../src/rollout/model.ts'
import type { Files } from '../../../src/rollout/ports.ts'
import { createHistoryStore } from '../../../src/storage/history-store.ts'
import { createNodeFiles } from '../../../src/storage/node-files.ts'
import { createSystemRandom } from '../../../src/storage/system-random.ts'
import { recordOf } from '../../contract/record-store/records.ts'
import { faultAt } from './failing-files.ts'
import { silentLog } from './silent-log.ts'

describe('the history', () => {
  let directory: string
  let path: string
  let warnings: string[]
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'zeth-history-'))
    path = join(directory, 'history.jsonl')
    warnings = []
  })
  afterEach(() => rm(directory, { recursive: true }))

  const nodeFiles = createNodeFiles()
  const open = (limit?: number, files: Files = nodeFiles) => createHistoryStore({
    path, files, random: createSystemRandom(), log: { ...silentLog, warn: (message) => warnings.push(message) }, ...(limit !== undefined && { limit }),
  })
  const entry = (operationId: string, stepsCompleted: string[] = []): HistoryEntry => {
    const { lastResult } = recordOf()
    if (lastResult === null) throw new Error('the record has a last result')
    return { tag: 'v1.0.0', version: '1.0.0', timestamp: '2026-11-01T00:00:00.000Z', result: { ...lastResult, operationId, stepsCompleted } }
  }
  const ids = async (store = open()) => (await store.entries()).map((entry) => entry.result.operationId)
  const lineCount = async () => (await readFile(path, 'utf8')).split('\n').length - 1

  test('is empty at first', async () => {
    expect(await ids()).toEqual([])
  })

  test('tells the oldest first, after a restart as well', async () => {
    for (const id of ['a', 'b', 'c']) await open().append(entry(id))
    expect(await ids()).toEqual(['a', 'b', 'c'])
  })

  test('a later line of an operation completes it in its place', async () => {
    const store = open()
    await store.append(entry('a'))
    await store.append(entry('b'))
    await store.append(entry('a', ['drain']))
    expect((await store.entries()).map((entry) => [entry.result.operationId, entry.result.stepsCompleted])).toEqual([['a', ['drain']], ['b', []]])
  })

  test('fault 10: a last line torn by a power cut is left out and told; the next entry is whole', async () => {
    await open().append(entry('a'))
    await appendFile(path, '{"tag":"v1.1')
    expect(await ids()).toEqual(['a'])
    expect(warnings).toEqual([expect.stringMatching(/^1 unreadable lines/)])
    await open().append(entry('b'))
    expect(await ids()).toEqual(['a', 'b'])
    expect(await lineCount()).toBe(2)
  })

  test('lines that are no entries are left out', async () => {
    await writeFile(path, 'null\n{"tag":1}\n\0\0\0\n')
    await open().append(entry('a'))
    expect(await ids()).toEqual(['a'])
  })

  test('keeps the newest entries and a file of at most twice as many lines', async () => {
    const store = open(3)
    for (let n = 1; n <= 20; n += 1) {
      await store.append(entry(`op-${n}`))
      expect(await lineCount()).toBeLessThanOrEqual(6)
    }
    expect(await ids(open(3))).toEqual(['op-18', 'op-19', 'op-20'])
    expect(await nodeFiles.list(directory)).toEqual(['history.jsonl'])
  })

  test('fault 44: a disk that fails is an error with the path, and nothing that was told before is lost', async () => {
    await open().append(entry('a'))
    for (const [call, manner] of [[1, 'instead'], [2, 'half'], [3, 'instead']] as const) {
      const store = open(undefined, faultAt(nodeFiles, call, manner))
      await expect(store.append(entry(`lost-${call}`))).rejects.toMatchObject({ code: 'storage_failed', message: expect.stringContaining(path) })
      await store.append(entry(`kept-${call}`))
      expect(await ids(store)).toEqual(expect.arrayContaining(['a', `kept-${call}`]))
    }
  })

  test('a replacement whose rename fails, again and again, leaves at most one temporary file, and none in the end', async () => {
    await open().append(entry('a'))
    await appendFile(path, '{"torn')
    let broken = true
    const store = open(undefined, { ...nodeFiles, rename: (from, to) => (broken ? Promise.reject(new Error('EIO: i/o error')) : nodeFiles.rename(from, to)) })
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(store.append(entry('b'))).rejects.toMatchObject({ code: 'storage_failed' })
      expect((await nodeFiles.list(directory)).length).toBeLessThanOrEqual(2)
    }
    broken = false
    await store.append(entry('b'))
    expect(await nodeFiles.list(directory)).toEqual(['history.jsonl'])
    expect(await ids()).toEqual(['a', 'b'])
  })

  test('fault 12: after a failed sync the file is replaced, not written on', async () => {
    const files = faultAt(nodeFiles, 3, 'instead')
    const store = open(undefined, files)
    await expect(store.append(entry('a'))).rejects.toMatchObject({ code: 'storage_failed' })
    await store.append(entry('b'))
    expect(files.calls).toEqual(['append', 'write', 'sync', 'create', 'write', 'sync', 'syncDirectory', 'rename', 'syncDirectory'])
  })
})
