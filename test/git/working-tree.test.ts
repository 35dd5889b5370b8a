import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { git, makeGitWorld } from './git-world.ts'
import type { GitWorld } from './git-world.ts'

describe("the operator's clone", () => {
  const signal = new AbortController().signal
  let world: GitWorld
  beforeEach(async () => {
    world = await makeGitWorld()
  })
  afterEach(() => world.dispose())

  const release = async (tag: string, files: Record<string, string>): Promise<string> => {
    const commit = await world.publish(tag, files)
    await world.open().fetch(tag, null, signal)
    return commit
  }
  const branch = (): Promise<string> => git(world.project, 'rev-parse', '--abbrev-ref', 'HEAD')

  test('stays on its branch when the release moves it forward, and a later git pull goes on from there', async () => {
    await release('v1.0.0', { a: 'one' })
    await world.cloneTree('v1.0.0')
    const second = await release('v1.1.0', { a: 'two' })
    await world.open().bringTree(second, signal)
    expect(await branch()).toBe('main')
    const third = await world.publish('v1.2.0', { a: 'three' })
    await git(world.project, 'pull', '--quiet', '--ff-only')
    expect(await git(world.project, 'rev-parse', 'HEAD')).toBe(third)
    await git(world.project, 'checkout', '.')
    expect(await world.readTree('a')).toBe('three')
  })

  test('is detached for a way back, and its branch is still there to return to', async () => {
    const first = await release('v1.0.0', { a: 'one' })
    const second = await release('v1.1.0', { a: 'two' })
    await world.cloneTree('v1.1.0')
    const source = world.open()
    await source.bringTree(first, signal)
    expect(await source.describeTree(signal)).toEqual({ kind: 'clone', commit: first, ref: 'HEAD', clean: true })
    expect(await git(world.project, 'rev-parse', 'main')).toBe(second)
    await source.bringTree(second, signal)
    expect(await branch()).toBe('HEAD')
    await git(world.project, 'checkout', '--quiet', 'main')
    expect(await world.readTree('a')).toBe('two')
  })

  test("keeps the operator's own commits on their branch", async () => {
    await release('v1.0.0', { a: 'one' })
    await world.cloneTree('v1.0.0')
    await world.writeTree('mine', 'x')
    await git(world.project, 'add', 'mine')
    await git(world.project, 'commit', '--quiet', '-m', 'mine')
    const own = await git(world.project, 'rev-parse', 'HEAD')
    const second = await release('v1.1.0', { a: 'two' })
    await world.open().bringTree(second, signal)
    expect([await branch(), await git(world.project, 'rev-parse', 'main'), await world.readTree('mine')]).toEqual(['HEAD', own, null])
  })

  test('does not take its branch to a release that is off it', async () => {
    const first = await release('v1.0.0', { a: 'one' })
    await world.publish('v2.0.0', { a: 'on main' })
    await world.cloneTree('v1.0.0')
    await git(world.author, 'checkout', '--quiet', '-b', 'maintenance', first)
    await git(world.author, 'commit', '--quiet', '--allow-empty', '-m', 'fix')
    await git(world.author, 'tag', '-a', '-m', 'v1.0.1', 'v1.0.1')
    await git(world.author, 'push', '--quiet', world.remote, 'v1.0.1')
    const source = world.open()
    const fix = await source.fetch('v1.0.1', null, signal)
    await source.bringTree(fix, signal)
    expect([await branch(), await git(world.project, 'rev-parse', 'main')]).toEqual(['HEAD', first])
  })

  test('gets no tags, branches or remotes from us', async () => {
    await release('v1.0.0', { a: 'one' })
    await world.cloneTree('v1.0.0')
    const second = await release('v1.1.0', { a: 'two' })
    const others = async (): Promise<string> => `${await git(world.project, 'for-each-ref', 'refs/tags', 'refs/remotes', 'refs/releases')}\n${await readFile(join(world.project, '.git', 'config'), 'utf8')}`
    const before = await others()
    await world.open().bringTree(second, signal)
    expect(await others()).toBe(before)
  })

  test('runs no hook of the operator', async () => {
    await release('v1.0.0', { a: 'one' })
    await world.cloneTree('v1.0.0')
    const second = await release('v1.1.0', { a: 'two' })
    const hook = join(world.project, '.git', 'hooks', 'post-checkout')
    await mkdir(join(hook, '..'), { recursive: true })
    await writeFile(hook, '#!/bin/sh\necho ran > hook-ran\n')
    await chmod(hook, 0o755)
    await git(world.project, 'config', 'core.hooksPath', '.git/hooks')
    await world.open().bringTree(second, signal)
    expect(await world.readTree('hook-ran')).toBe(null)
    await git(world.project, 'checkout', '--quiet', 'HEAD')
    expect(await world.readTree('hook-ran')).toBe('ran\n')
  })

  test('is told every kind of collision by name', async () => {
    const first = { staged: 'a', edited: 'a', 'dir/file': 'a', deleted: 'a', executable: 'a', untouched: 'a' }
    await release('v1.0.0', first)
    await world.cloneTree('v1.0.0')
    const second = await release('v1.1.0', { staged: 'b', edited: 'b', dir: 'now a file', deleted: 'b', executable: 'b', 'was-file/inside': 'b', same: 'same', untouched: 'a' })
    await world.writeTree('staged', 'mine')
    await git(world.project, 'add', 'staged')
    await world.writeTree('edited', 'mine')
    await world.writeTree('dir/untracked', 'mine')
    await world.writeTree('was-file', 'mine')
    await world.writeTree('same', 'same')
    await chmod(join(world.project, 'executable'), 0o755)
    await rm(join(world.project, 'deleted'))
    await world.writeTree('untouched', 'mine')
    const source = world.open()
    expect(await source.treeConflicts(second, signal)).toEqual(['dir/untracked', 'edited', 'executable', 'staged', 'was-file'])
    // git agrees as soon as exactly these are out of the way.
    await git(world.project, 'reset', '--quiet', '--hard')
    await rm(join(world.project, 'dir'), { recursive: true })
    await rm(join(world.project, 'was-file'))
    await rm(join(world.project, 'deleted'))
    await world.writeTree('untouched', 'mine')
    expect(await source.treeConflicts(second, signal)).toEqual([])
    await source.bringTree(second, signal)
    expect([await world.readTree('dir'), await world.readTree('deleted'), await world.readTree('untouched'), await world.readTree('same')]).toEqual(['now a file', 'b', 'mine', 'same'])
  })

  test('that came from a fork or a copy elsewhere is a clone by its history', async () => {
    const first = await release('v1.0.0', { a: 'one' })
    await git(world.root, 'clone', '--quiet', world.author, world.project)
    expect(await world.open().describeTree(signal)).toMatchObject({ kind: 'clone', commit: first })
  })

  test('may be the release repository itself', async () => {
    const first = await world.publish('v1.0.0', { a: 'one' })
    const second = await world.publish('v1.1.0', { a: 'two' })
    const source = world.openWith({ remote: world.author, projectDirectory: world.author })
    expect(await source.describeTree(signal)).toMatchObject({ kind: 'clone', commit: second, ref: 'main' })
    expect(await source.fetch('v1.0.0', null, signal)).toBe(first)
    await source.bringTree(first, signal)
    expect(await source.describeTree(signal)).toMatchObject({ commit: first, ref: 'HEAD', clean: true })
  })

  test.each([
    ['missing', async () => undefined, 'no such directory'],
    ['no repository', () => mkdir(world.project), 'no git working tree'],
    ['empty', () => git(world.root, 'init', '--quiet', world.project), 'no commit yet'],
  ])('when the project directory is %s it is foreign, for that reason', async (_name, make, reason) => {
    await release('v1.0.0', { a: 'one' })
    await make()
    expect(await world.open().describeTree(signal)).toEqual({ kind: 'foreign', reason: expect.stringContaining(reason) })
  })

  test('a project directory inside a clone is foreign', async () => {
    await release('v1.0.0', { 'sub/a': 'one' })
    await world.cloneTree('v1.0.0')
    const source = world.openWith({ projectDirectory: join(world.project, 'sub') })
    expect(await source.describeTree(signal)).toMatchObject({ kind: 'foreign' })
  })
})
