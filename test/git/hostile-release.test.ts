import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isReleaseTag } from '../../src/git/tag.ts'
import { git, makeGitWorld } from './git-world.ts'
import type { GitWorld } from './git-world.ts'

const signal = new AbortController().signal

describe('fault 40: a hostile repository', () => {
  let world: GitWorld
  beforeEach(async () => {
    world = await makeGitWorld()
    await world.publish('v1.0.0', { 'docker-compose.yml': 'one' })
  })
  afterEach(() => world.dispose())

  const publishLinks = async (links: Record<string, string>): Promise<string> => {
    for (const [path, target] of Object.entries(links)) {
      await mkdir(dirname(join(world.author, path)), { recursive: true })
      await symlink(target, join(world.author, path))
    }
    await git(world.author, 'add', '--all')
    await git(world.author, 'commit', '--quiet', '-m', 'links')
    await git(world.author, 'tag', '-a', '-m', 'v1.1.0', 'v1.1.0')
    await git(world.author, 'push', '--quiet', world.remote, 'v1.1.0')
    return world.open().fetch('v1.1.0', null, signal)
  }

  test.each([
    ['an absolute path', { 'deep/link': '/etc/passwd' }],
    ['upwards', { link: '../../outside' }],
    ['upwards to what is not there', { link: '../not/there' }],
    ['upwards through another link', { 'p/q/here': '.', 'link': 'p/q/here/../../../x' }],
  ])('whose link leads out of the release by %s is refused by the name of the link', async (_way, links) => {
    const commit = await publishLinks(links)
    await expect(world.open().checkout(commit, signal)).rejects.toMatchObject({ code: 'release_refused', message: expect.stringContaining('link') })
    expect(await world.laidOut()).toEqual([])
  })

  test('whose links stay inside is laid out', async () => {
    const commit = await publishLinks({ 'deep/up': '../docker-compose.yml', 'dangling': 'deep/nothing', 'loop': 'loop', 'here': '.' })
    await world.open().checkout(commit, signal)
    expect(await world.laidOut()).toEqual([commit])
  })

  test.each(['..', '.git', '.GIT'])('with a tree entry called %s is refused before it is in the mirror', async (name) => {
    const blob = Buffer.from(await git(world.author, 'rev-parse', 'HEAD:docker-compose.yml'), 'hex')
    const inner = Buffer.from(await rawObject(Buffer.concat([Buffer.from('100644 evil\0'), blob])), 'hex')
    const tree = await rawObject(Buffer.concat([Buffer.from(`40000 ${name}\0`), inner]))
    const commit = await git(world.author, 'commit-tree', tree, '-m', 'evil')
    await git(world.author, 'tag', 'v1.1.0', commit)
    await git(world.author, 'push', '--quiet', world.remote, 'v1.1.0')
    const source = world.open()
    await expect(source.fetch('v1.1.0', null, signal)).rejects.toMatchObject({ code: 'remote_unreachable', message: expect.stringMatching(/fsck|contains|hasDot/i) })
    await expect(source.checkout(commit, signal)).rejects.toMatchObject({ message: expect.stringContaining(commit) })
    expect(await world.laidOut()).toEqual([])
  })

  test('fault 39: that shows a tag object under another name is refused', async () => {
    await git(world.author, 'push', '--quiet', world.remote, 'refs/tags/v1.0.0:refs/tags/v9.0.0')
    const source = world.open()
    await expect(source.fetch('v9.0.0', null, signal)).rejects.toMatchObject({ code: 'tag_moved', message: expect.stringMatching(/v9\.0\.0.*"v1\.0\.0"/) })
    expect(await source.fetch('v1.0.0', null, signal)).toBe(await git(world.author, 'rev-parse', 'HEAD'))
  })

  test('whose tag names no commit is told so', async () => {
    await git(world.author, 'tag', '-a', '-m', 'a tree', 'v2.0.0', 'HEAD^{tree}')
    await git(world.author, 'push', '--quiet', world.remote, 'v2.0.0')
    await expect(world.open().fetch('v2.0.0', null, signal)).rejects.toMatchObject({ code: 'unknown_tag', message: expect.stringContaining('v2.0.0') })
  })

  test('with plain tags, without a tag object, is as good as any', async () => {
    const commit = await git(world.author, 'rev-parse', 'HEAD')
    await git(world.author, 'push', '--quiet', world.remote, `${commit}:refs/tags/v1.0.1`)
    expect(await world.open().fetch('v1.0.1', commit, signal)).toBe(commit)
  })

  test('whose other tags have hostile names is listed without them', async () => {
    const commit = await git(world.author, 'rev-parse', 'HEAD')
    for (const name of ['-x', '--upload-pack=touch', '$(id)', 'a;b', "quo'te", 'v1.0.0-$(id)', 'x/refs/tags/v1.0.0']) {
      await git(world.author, 'push', '--quiet', world.remote, `${commit}:refs/tags/${name}`)
    }
    expect(await world.open().listTags(signal)).toEqual([{ tag: 'v1.0.0', commit }])
  })

  async function rawObject(content: Buffer): Promise<string> {
    const child = spawn('git', ['hash-object', '-t', 'tree', '--literally', '-w', '--stdin'], { cwd: world.author, stdio: ['pipe', 'pipe', 'inherit'] })
    child.stdin.end(content)
    const [id] = await Promise.all([text(child.stdout), once(child, 'close')])
    return id.trim()
  }
})

test('an operator may choose another pattern, which still lets nothing through that a command could misread', async () => {
  const pattern = /^release.*$/
  expect(['release-1', 'release/2026.1'].filter((name) => isReleaseTag(name, pattern))).toEqual(['release-1', 'release/2026.1'])
  const anything = /[^]*/g
  for (const name of ['-x', 'a b', 'a..b', 'a.lock', 'a.lock/b', 'a/', '/a', 'a//b', 'a/.b', 'a\n', 'a:b', 'a^', 'a~', 'a*', 'a?', 'a[', 'a\\', '@{u}', '', 'ä', 'a'.repeat(65)]) {
    expect(isReleaseTag(name, anything), name).toBe(false)
  }
  expect([isReleaseTag('a', anything), isReleaseTag('a', anything)]).toEqual([true, true])
})

test('a release whose files are many is laid out whole every time', async () => {
  const world = await makeGitWorld()
  try {
    const files = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`d${index % 20}/f${index}`, `${index}`.repeat(50)]))
    const commit = await world.publish('v1.0.0', files)
    await writeFile(join(world.author, 'not-in-the-commit'), 'x')
    const source = world.open()
    await source.fetch('v1.0.0', null, signal)
    for (let round = 0; round < 5; round++) {
      await source.checkout(commit, signal)
      expect(await world.releaseFiles(commit)).toEqual(files)
      await source.prune(new Set(), signal)
    }
  } finally {
    await world.dispose()
  }
})
