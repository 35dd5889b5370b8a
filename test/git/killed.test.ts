import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { git, makeGitWorld } from './git-world.ts'
import type { GitWorld } from './git-world.ts'
import { withProgram } from './programs.ts'

describe('after a kill in the middle', () => {
  const signal = new AbortController().signal
  let world: GitWorld
  beforeEach(async () => {
    world = await makeGitWorld()
  })
  afterEach(() => world.dispose())

  test('of laying out a release, the half of it is no release, and the next start makes it whole', async () => {
    const commit = await world.publish('v1.0.0', { 'docker-compose.yml': 'one', big: 'x'.repeat(300_000) })
    await world.open().fetch('v1.0.0', null, signal)
    // Takes a part of the archive, leaves a file, and kills the daemon with SIGKILL.
    const environment = await withProgram(world.root, 'tar', 'head -c 1000 >/dev/null; echo half > "$6/half"; kill -9 $PPID')
    const daemon = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(new URL('killed-child.ts', import.meta.url)), world.remote, world.state, world.project, commit], { env: environment, stdio: 'inherit' })
    const [, signalCode] = await once(daemon, 'exit')
    expect(signalCode).toBe('SIGKILL')
    expect(await world.laidOut()).toEqual([expect.stringMatching(/^\.new-/)])
    const source = world.open()
    await source.checkout(commit, signal)
    await source.prune(new Set([commit]), signal)
    expect(await world.laidOut()).toEqual([commit])
    expect(Object.keys(await world.releaseFiles(commit)).sort()).toEqual(['big', 'docker-compose.yml'])
  })

  test('of a fetch, its locks and half packs refuse nothing at the next start', async () => {
    const commit = await world.publish('v1.0.0', { 'docker-compose.yml': 'one' })
    await world.open().fetch('v1.0.0', null, signal)
    const mirror = join(world.state, 'source.git')
    const leftovers = ['refs/tags/v1.1.0.lock', `refs/releases/${commit}.lock`, 'packed-refs.lock', 'objects/pack/tmp_pack_x1', 'refs/incoming/v1.1.0.lock']
    for (const path of leftovers) {
      await mkdir(join(mirror, path, '..'), { recursive: true })
      await writeFile(join(mirror, path), '')
    }
    const next = await world.publish('v1.1.0', { 'docker-compose.yml': 'two' })
    const source = world.open()
    expect(await source.fetch('v1.1.0', null, signal)).toBe(next)
    expect(await source.fetch('v1.0.0', commit, signal)).toBe(commit)
    for (const path of leftovers) await expect(access(join(mirror, path))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('of making the mirror, it is made anew', async () => {
    const commit = await world.publish('v1.0.0', { 'docker-compose.yml': 'one' })
    await mkdir(join(world.state, 'source.git', 'objects'), { recursive: true })
    expect(await world.open().fetch('v1.0.0', null, signal)).toBe(commit)
  })

  test("of preparing, nothing of it stays, and nothing of an operator's goes", async () => {
    await world.publish('v1.0.0', { 'docker-compose.yml': 'one' })
    const id = '3f0e9a52-1111-4222-8333-abcdefabcdef'
    for (const name of [`source.git.${id}`, 'source.git.before-the-move']) await mkdir(join(world.state, name, 'objects'), { recursive: true })
    for (const name of [`gitconfig.${id}`, 'gitconfig.bak']) await writeFile(join(world.state, name), '')
    await world.open().listTags(signal)
    expect((await readdir(world.state)).sort()).toEqual(['gitconfig', 'gitconfig.bak', 'source.git', 'source.git.before-the-move'])
  })

  test("of bringing the operator's tree, the next try finishes it although git left its lock", async () => {
    const first = { '.gitattributes': 'b filter=fatal\n', a: 'one', b: 'one', gone: 'x', 'z.sh': 'one' }
    await world.publish('v1.0.0', first)
    await world.cloneTree('v1.0.0')
    const commit = await world.publish('v1.1.0', { '.gitattributes': 'b filter=fatal\n', a: 'two', 'a-new': 'new', b: 'two', 'z.sh': 'two' })
    const source = world.open()
    await source.fetch('v1.1.0', null, signal)
    // Kills the git that is writing `b`, after `a` and `a-new`.
    await git(world.project, 'config', 'filter.fatal.smudge', 'kill -9 $PPID')
    await expect(source.bringTree(commit, signal)).rejects.toMatchObject({ code: 'tree_conflict' })
    expect([await world.readTree('a'), await world.readTree('a-new'), await world.readTree('z.sh')]).toEqual(['two', 'new', 'one'])
    expect(await heldIn(world)).toEqual([])
    await git(world.project, 'config', '--unset', 'filter.fatal.smudge')

    const after = world.open()
    expect(await after.treeConflicts(commit, signal)).toEqual([])
    await after.bringTree(commit, signal)
    expect(await after.describeTree(signal)).toEqual({ kind: 'clone', commit, ref: 'main', clean: true })
    expect(await git(world.project, 'status', '--porcelain')).toBe('')
  })

  const dies = 'kill -9 $PPID'
  test.for([
    ['before git begins', `case " $* " in *" checkout "*) ${dies};; *) exec "$REAL" "$@";; esac`, 'cat'],
    ['with git in the middle of it', 'exec "$REAL" "$@"', 'kill -9 $(cut -d" " -f4 /proc/$PPID/stat) $PPID'],
    ['after git has done it', `case " $* " in *" checkout "*) "$REAL" "$@"; ${dies};; *) exec "$REAL" "$@";; esac`, 'cat'],
  ] as const)("of the daemon while it brings the operator's tree, %s, the next one finishes it and lets go of the index", async ([, program, filter]) => {
    await world.publish('v1.0.0', { '.gitattributes': 'b filter=fatal\n', a: 'one', b: 'one' })
    await world.cloneTree('v1.0.0')
    await world.writeTree('mine', 'staged')
    await git(world.project, 'add', 'mine')
    const commit = await world.publish('v1.1.0', { '.gitattributes': 'b filter=fatal\n', a: 'two', 'a-new': 'new', b: 'two' })
    await world.open().fetch('v1.1.0', null, signal)
    await git(world.project, 'config', 'filter.fatal.smudge', filter)
    const environment = await withProgram(world.root, 'git', program)
    const daemon = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(new URL('killed-child.ts', import.meta.url)), world.remote, world.state, world.project, commit, 'bringTree'], { env: environment, stdio: 'inherit' })
    const [, signalCode] = await once(daemon, 'exit')
    expect(signalCode).toBe('SIGKILL')
    expect(await heldIn(world)).toContain('index.lock')
    await git(world.project, 'config', '--unset', 'filter.fatal.smudge')

    await world.open().bringTree(commit, signal)
    expect(await git(world.project, 'rev-parse', 'HEAD')).toBe(commit)
    expect(await git(world.project, 'status', '--porcelain')).toBe('A  mine')
    expect(await heldIn(world)).toEqual([])
  })

  test("what was there for the same end before is no claim to a lock of the operator's own git, and goes", async () => {
    await world.publish('v1.0.0', { a: 'one' })
    await world.cloneTree('v1.0.0')
    const commit = await world.publish('v1.1.0', { a: 'two' })
    await world.open().fetch('v1.1.0', null, signal)
    await writeFile(join(world.state, 'tree-checkout'), `${commit}\n`)
    await writeFile(join(world.project, '.git', 'index.lock'), '')
    await expect(world.open().bringTree(commit, signal)).rejects.toMatchObject({ code: 'tree_conflict' })
    expect([await heldIn(world), await readdir(world.state)]).toEqual([['index.lock'], ['gitconfig', 'source.git']])
  })

  test("the operator's own git is kept out while the tree is brought", async () => {
    await world.publish('v1.0.0', { a: 'one' })
    await world.cloneTree('v1.0.0')
    const commit = await world.publish('v1.1.0', { a: 'two' })
    await world.open().fetch('v1.1.0', null, signal)
    const environment = await withProgram(world.root, 'git', `case " $* " in *" checkout "*) env -u GIT_INDEX_FILE "$REAL" rm --cached a 2> ${world.root}/told; "$REAL" "$@";; *) exec "$REAL" "$@";; esac`)
    await world.openWith({ environment }).bringTree(commit, signal)
    expect(await readFile(join(world.root, 'told'), 'utf8')).toContain('index.lock')
    expect(await git(world.project, 'status', '--porcelain')).toBe('')
  })

  test("a lock that no git of ours left is the operator's: told, and left alone", async () => {
    await world.publish('v1.0.0', { a: 'one' })
    await world.cloneTree('v1.0.0')
    const commit = await world.publish('v1.1.0', { a: 'two' })
    const source = world.open()
    await source.fetch('v1.1.0', null, signal)
    const lock = join(world.project, '.git', 'index.lock')
    await writeFile(lock, '')
    await expect(source.bringTree(commit, signal)).rejects.toMatchObject({ code: 'tree_conflict', message: expect.stringContaining(lock) })
    await access(lock)
    expect(await world.readTree('a')).toBe('one')
  })
})

/** What holds the index of the operator's tree, and what was made for that. */
async function heldIn({ project }: GitWorld): Promise<string[]> {
  return (await readdir(join(project, '.git'))).filter((name) => name === 'index.lock' || name.startsWith('zetherion')).sort()
}
