import { spawn } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { takeHand } from '../../../src/storage/lock.ts'

const holderScript = fileURLToPath(new URL('lock-holder.ts', import.meta.url))

describe('the one hand', () => {
  let root: string
  let children: ChildProcessWithoutNullStreams[]
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'zeth-lock-'))
    children = []
  })
  afterEach(async () => {
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    await rm(root, { recursive: true })
  })

  const place = (state = 'state', stack = 'stack') => ({
    stateDirectory: join(root, state), routesPath: join(root, stack, 'dynamic', 'updater-routes.yml'),
  })

  /** Another process that tries to take the hand; `next` is what it says next. */
  function startHolder(where = place()) {
    const child = spawn(process.execPath, ['--import', 'tsx', holderScript, where.stateDirectory, where.routesPath], { stdio: 'pipe' })
    children.push(child)
    child.stderr.pipe(process.stderr)
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const next = async (): Promise<string> => String((await lines.next()).value)
    const tell = (word: string) => {
      child.stdin.write(`${word}\n`)
      return next()
    }
    return { child, next, tell }
  }

  test('is free at first, is held until its release, and is free then', async () => {
    const hand = await takeHand(place())
    hand.check()
    await expect(takeHand(place())).rejects.toMatchObject({ code: 'authority_lost' })
    await hand.release()
    const next = await takeHand(place())
    next.check()
    await next.release()
    expect(await readdir(place().stateDirectory)).toEqual([])
  })

  test('fault 19: a second process on the same state directory is refused', async () => {
    const hand = await takeHand(place())
    expect(await startHolder().next()).toBe('authority_lost')
    hand.check()
    await hand.release()
  })

  test('fault 19: a second state directory on the same routes file is refused, and leaves its own directory free', async () => {
    const hand = await takeHand(place('state-1'))
    await expect(takeHand(place('state-2'))).rejects.toMatchObject({ code: 'authority_lost', message: expect.stringMatching(/holds the routes file/) })
    await hand.release()
    await (await takeHand(place('state-2'))).release()
  })

  test('two stacks do not hinder each other', async () => {
    const hands = [await takeHand(place('state-1', 'stack-1')), await takeHand(place('state-2', 'stack-2'))]
    for (const hand of hands) hand.check()
    for (const hand of hands) await hand.release()
  })

  test('is taken over at once from a process that was killed with -9', async () => {
    const { child, next } = startHolder()
    expect(await next()).toBe('held')
    child.kill('SIGKILL')
    await once(child, 'exit')
    const before = performance.now()
    const hand = await takeHand(place())
    // A lock by its age would be waited for 10 s.
    expect(performance.now() - before).toBeLessThan(5_000)
    hand.check()
    await hand.release()
  })

  test('fault 19: is never taken over from a process that was stopped, and that one still has it when it goes on', async () => {
    const { child, next, tell } = startHolder()
    expect(await next()).toBe('held')
    child.kill('SIGSTOP')
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(takeHand(place())).rejects.toMatchObject({ code: 'authority_lost' })
    }
    child.kill('SIGCONT')
    expect(await tell('check')).toBe('mine')
    expect(await tell('release')).toBe('released')
    await (await takeHand(place())).release()
  })

  test('of many that start at the same moment exactly one gets it', async () => {
    const contenders = Array.from({ length: 4 }, () => startHolder())
    const answers = await Promise.all(contenders.map((contender) => contender.next()))
    expect(answers.sort()).toEqual(['authority_lost', 'authority_lost', 'authority_lost', 'held'])
  })

  test('is lost, and stays lost, when its socket is removed from under it', async () => {
    const hand = await takeHand(place())
    await unlink(join(place().stateDirectory, '.updater.sock'))
    expect(() => hand.check()).toThrow(expect.objectContaining({ code: 'authority_lost' }))
    const next = await takeHand({ ...place(), routesPath: place('', 'other').routesPath })
    expect(() => hand.check()).toThrow(expect.objectContaining({ code: 'authority_lost' }))
    await hand.release()
    next.check()
    await next.release()
  })

  test('works in a directory whose path is longer than a socket\'s may be', async () => {
    const deep = place(join('d'.repeat(100), 'e'.repeat(100)))
    const hand = await takeHand(deep)
    await expect(takeHand(deep)).rejects.toMatchObject({ code: 'authority_lost' })
    hand.check()
    await hand.release()
  })

  test('fault 20: one killed in the taking keeps nobody out for long, also when the clock is set back by a day since', async () => {
    await mkdir(place().stateDirectory)
    const guard = join(place().stateDirectory, '.updater.sock.taking')
    await mkdir(guard)
    const tomorrow = new Date(Date.now() + 86_400_000)
    await utimes(guard, tomorrow, tomorrow)
    const hand = await takeHand(place())
    hand.check()
    await hand.release()
    expect(await readdir(place().stateDirectory)).toEqual([])
  })

  test('something else under the socket\'s name is left alone and named', async () => {
    await mkdir(place().stateDirectory)
    const path = join(place().stateDirectory, '.updater.sock')
    await writeFile(path, 'mine')
    await expect(takeHand(place())).rejects.toMatchObject({ message: expect.stringContaining(path) })
    expect((await stat(path)).isFile()).toBe(true)
  })

  test('a directory in which nothing can be made is told as such, not as another updater', async () => {
    await writeFile(join(root, 'state'), 'a file')
    await expect(takeHand(place())).rejects.toMatchObject({ code: 'storage_failed', message: expect.stringContaining(join(root, 'state')) })
  })
})
