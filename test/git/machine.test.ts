import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeGitWorld } from './git-world.ts'
import type { GitWorld } from './git-world.ts'
import { withProgram } from './programs.ts'

describe('a machine in trouble', () => {
  const signal = new AbortController().signal
  let world: GitWorld
  let commit: string
  beforeEach(async () => {
    world = await makeGitWorld()
    commit = await world.publish('v1.0.0', { a: 'one' })
  })
  afterEach(() => world.dispose())

  const full = 'echo "fatal: write error: No space left on device" >&2; for i in 1 2 3 4; do echo "error: consequence $i" >&2; done; exit 128'

  test('without git is told what could not be started', async () => {
    const source = world.openWith({ environment: { PATH: '/nonexistent' } })
    await expect(source.listTags(signal)).rejects.toMatchObject({ code: 'git_failed', message: expect.stringContaining('spawn git ENOENT') })
  })

  test('without git keeps nothing of a mirror, however often it is asked for', async () => {
    const source = world.openWith({ environment: { PATH: '/nonexistent' } })
    for (const _ of [1, 2]) await expect(source.listTags(signal)).rejects.toMatchObject({ code: 'git_failed' })
    expect(await readdir(world.state)).toEqual(['gitconfig'])
  })

  test('whose disk fills up in a fetch or a checkout is told so, and no half of it stays', async () => {
    const git = await withProgram(world.root, 'git', `case " $* " in *" fetch "*) ${full};; *) exec "$REAL" "$@";; esac`)
    await expect(world.openWith({ environment: git }).fetch('v1.0.0', null, signal)).rejects.toMatchObject({ code: 'disk_full' })
    await world.open().fetch('v1.0.0', null, signal)
    const tar = await withProgram(world.root, 'tar', full)
    await expect(world.openWith({ environment: tar }).checkout(commit, signal)).rejects.toMatchObject({ code: 'disk_full' })
    expect(await world.laidOut()).toEqual([])
  })

  test('on which the settings for git cannot be put in place keeps no half of them, however often it is tried', async () => {
    await mkdir(join(world.state, 'gitconfig'), { recursive: true })
    const source = world.open()
    for (const _ of [1, 2]) await expect(source.fetch('v1.0.0', null, signal)).rejects.toMatchObject({ code: 'git_failed' })
    expect(await readdir(world.state)).toEqual(['gitconfig'])
  })

  test('on which something kills git gets an error, not half an answer', async () => {
    await world.open().fetch('v1.0.0', null, signal)
    const environment = await withProgram(world.root, 'git', 'kill -9 $$')
    for (const call of [(s: ReturnType<GitWorld['open']>) => s.has(commit, signal), (s: ReturnType<GitWorld['open']>) => s.checkout(commit, signal)]) {
      await expect(call(world.openWith({ environment }))).rejects.toMatchObject({ code: 'git_failed' })
    }
  })
})
