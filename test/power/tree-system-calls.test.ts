import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { git, makeGitWorld, type GitWorld } from '../git/git-world.ts'
import { tellFigure } from '../reporting/figures.ts'
import { titleWithStrace, withoutStrace } from './strace.ts'

/*
 * A daemon of its own (killed-child.ts) brings the operator's tree to a release; each of its calls on the index and on what
 * holds that fails or is where it dies, and each such call of its gits. The next daemon then brings the tree.
 */

const tool = 'strace'
const held = ['index', 'index.lock', 'zetherion-index', 'zetherion-index.half', 'zetherion-index.lock']
const calls = 'openat,link,linkat,rename,renameat,unlink,unlinkat,write,fsync,utimensat,copy_file_range,sendfile,fchmod,statx,close'

describe.skipIf(withoutStrace)(titleWithStrace('a daemon whose calls on the index of the project directory fail'), () => {
  const signal = new AbortController().signal
  let world: GitWorld
  let commit: string
  let program: string
  beforeAll(async () => {
    world = await makeGitWorld()
    program = join(world.root, 'child.mjs')
    await build({
      entryPoints: [fileURLToPath(new URL('../git/killed-child.ts', import.meta.url))], outfile: program,
      bundle: true, platform: 'node', format: 'esm', target: 'node20.19', logLevel: 'warning',
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" },
    })
    await world.publish('v1.0.0', { a: 'one', gone: 'one' })
    await world.cloneTree('v1.0.0')
    await world.writeTree('mine', 'staged')
    await git(world.project, 'add', 'mine')
    commit = await world.publish('v1.1.0', { a: 'two', come: 'two' })
    await world.open().fetch('v1.1.0', null, signal)
    await cp(world.project, join(world.root, 'template'), { recursive: true, preserveTimestamps: true })
  })
  afterAll(() => world.dispose())

  const holders = async (): Promise<string[]> => (await readdir(join(world.project, '.git'))).filter((name) => held.includes(name) && name !== 'index')

  /** @returns whether there was an n-th such call of any of its threads or programs */
  async function strike(fault: string, nth: number): Promise<boolean> {
    await rm(world.project, { recursive: true })
    await cp(join(world.root, 'template'), world.project, { recursive: true, preserveTimestamps: true })
    const log = join(world.root, 'trace')
    const traced = ['-f', '-qq', '-o', log, ...held.flatMap((name) => ['-P', join(world.project, '.git', name)]), '-e', `trace=${calls}`, '-e', `inject=${calls}:${fault}:when=${nth}`]
    const child = spawn(tool, [...traced, process.execPath, program, world.remote, world.state, world.project, commit, 'bringTree'], { env: { PATH: process.env['PATH'], UV_THREADPOOL_SIZE: '1' }, stdio: 'ignore' })
    await once(child, 'exit')
    return fault === 'signal=KILL' ? child.signalCode !== null || child.exitCode !== 0 : (await readFile(log, 'utf8')).includes('(INJECTED)')
  }

  test.for([
    ['fails', 'error=EIO'],
    ['is where it dies', 'signal=KILL'],
  ] as const)('each %s, and the next daemon brings the tree to the release, with what the operator has staged', async ([, fault], context) => {
    let struck = 0
    for (; await strike(fault, struck + 1); struck += 1) {
      await world.open().bringTree(commit, signal)
      const stands = { commit: await git(world.project, 'rev-parse', 'HEAD'), status: await git(world.project, 'status', '--porcelain'), holders: await holders() }
      expect(stands, `after ${fault} at call ${struck + 1}`).toEqual({ commit, status: 'A  mine', holders: [] })
    }
    tellFigure(context, { name: 'struck calls on the index of the project directory', value: struck, together: 'sum' })
    expect(struck).toBeGreaterThan(12)
  })
})
