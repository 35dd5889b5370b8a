import { execFile } from 'node:child_process'
import { chown, lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeGitWorld } from './git-world.ts'
import type { GitWorld } from './git-world.ts'
import { withProgram } from './programs.ts'

const run = promisify(execFile)
const signal = new AbortController().signal
const nobody = 65534

describe('directories of another owner', () => {
  let world: GitWorld
  beforeEach(async () => {
    world = await makeGitWorld()
  })
  afterEach(() => world.dispose())

  test('are entered by name: a local remote, the mirror and the tree all work', async () => {
    await world.publish('v1.0.0', { a: 'one' })
    await world.cloneTree('v1.0.0')
    const commit = await world.publish('v1.1.0', { a: 'two' })
    // git's own switch for its tests: everything belongs to somebody else.
    const environment = await withProgram(world.root, 'git', 'GIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec "$REAL" "$@"')
    await expect(run('git', ['status'], { cwd: world.project, env: { ...environment, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' } })).rejects.toMatchObject({ stderr: expect.stringContaining('dubious ownership') })
    const source = world.openWith({ environment })
    expect(await source.fetch('v1.1.0', null, signal)).toBe(commit)
    await source.checkout(commit, signal)
    await source.bringTree(commit, signal)
    expect(await source.describeTree(signal)).toMatchObject({ kind: 'clone', commit })
  })

  test('are named one by one, never all', async () => {
    await world.publish('v1.0.0', { a: 'one' })
    await world.open().listTags(signal)
    const listed = (await readFile(join(world.state, 'gitconfig'), 'utf8')).split('\n').filter((line) => line.startsWith('\tdirectory ='))
    expect(listed).toContain(`\tdirectory = "${world.project}"`)
    expect(listed).toContain(`\tdirectory = "${world.remote}"`)
    for (const line of listed) expect(line).toContain(world.root)
  })

  test("what is brought into the tree belongs to the tree's owner, as far as this process may give it away", async () => {
    await world.publish('v1.0.0', { a: 'one' })
    await world.cloneTree('v1.0.0')
    const commit = await world.publish('v1.1.0', { a: 'two', 'new/deep/file': 'x' })
    const entries = async (): Promise<string[]> => [world.project, ...(await readdir(world.project, { recursive: true })).map((name) => join(world.project, name))]
    if (process.getuid?.() === 0) for (const path of await entries()) await chown(path, nobody, nobody)
    const { uid } = await lstat(world.project)
    const source = world.open()
    await source.fetch('v1.1.0', null, signal)
    await source.bringTree(commit, signal)
    expect(await world.readTree('new/deep/file')).toBe('x')
    for (const path of await entries()) expect((await lstat(path)).uid, path).toBe(uid)
  })
})
