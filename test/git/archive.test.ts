import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { makeGitWorld } from './git-world.ts'
import type { GitWorld } from './git-world.ts'
import { gitCommandLines } from './http-remote.ts'
import { withProgram } from './programs.ts'

const run = promisify(execFile)

describe('the archive of a commit', () => {
  const signal = new AbortController().signal
  let world: GitWorld
  let commit: string
  beforeEach(async () => {
    world = await makeGitWorld()
    commit = await world.publish('v1.0.0', { 'docker-compose.yml': 'one', 'src/app.js': 'x'.repeat(3_000_000) })
    await world.open().fetch('v1.0.0', null, signal)
  })
  afterEach(() => world.dispose())

  test('is a tar of its files, readable by all, also right after a restart', async () => {
    const path = join(world.root, 'a.tar')
    await writeFile(path, await buffer(world.openWith({}).archive(commit, '', signal)))
    const { stdout } = await run('tar', ['-tvf', path])
    const lines = stdout.trim().split('\n').map((line) => `${line.slice(0, 10)} ${line.split(' ').at(-1)}`)
    expect(lines.sort()).toEqual(['-rw-r--r-- docker-compose.yml', '-rw-r--r-- src/app.js', 'drwxr-xr-x src/'])
  })

  test('of one directory holds its content under its own names', async () => {
    const path = join(world.root, 'a.tar')
    await writeFile(path, await buffer(world.openWith({}).archive(commit, 'src', signal)))
    expect((await run('tar', ['-tf', path])).stdout.trim().split('\n')).toEqual(['app.js'])
    await expect(buffer(world.openWith({}).archive(commit, 'not-there', signal))).rejects.toMatchObject({ code: 'git_failed', message: expect.stringContaining('not-there') })
  })

  test.each(['0123456789abcdef0123456789abcdef01234567', '--output=x', 'HEAD'])('of %s is refused', async (unknown) => {
    await expect(buffer(world.openWith({}).archive(unknown, '', signal))).rejects.toMatchObject({ code: 'unknown_commit' })
  })

  test('that breaks off is an error for its reader, never a short archive', async () => {
    const environment = await withProgram(world.root, 'git', 'case "$*" in *archive*) "$REAL" "$@" | head -c 10240; exit 1;; *) exec "$REAL" "$@";; esac')
    const source = world.openWith({ environment })
    await expect(buffer(source.archive(commit, '', signal))).rejects.toMatchObject({ code: 'git_failed' })
    await expect(source.checkout(commit, signal)).rejects.toMatchObject({ code: 'git_failed' })
    expect(await world.laidOut()).toEqual([])
  })

  test('of which nobody reads the rest ends git', async () => {
    const stream = world.openWith({}).archive(commit, '', signal)
    await new Promise((resolve) => {
      stream.once('data', resolve)
    })
    stream.destroy()
    await vi.waitFor(() => {
      expect(gitCommandLines().filter((line) => line.includes(`archive --format=tar ${commit}`))).toEqual([])
    })
  })

  test('whose reader is too slow ends at the limit', async () => {
    const stream = world.openWith({ limit: 300 }).archive(commit, '', signal)
    await expect(new Promise((_, reject) => {
      stream.once('error', reject)
    })).rejects.toMatchObject({ code: 'limit_exceeded', message: expect.stringContaining('0.3 s (limits.git)') })
  })
})
