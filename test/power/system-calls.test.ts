import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tellFigure } from '../reporting/figures.ts'
import { openAt, wrongAfter, type Said } from './rollout-check.ts'
import { entryOf, generations, places, recordAt, routesAt } from './rollout-files.ts'
import { describeInjection, straceArguments, titleWithStrace, tracedCalls, withoutStrace, type Injection, type TracedCall } from './strace.ts'

/*
 * The writes of a whole rollout (rollout-writes.ts: real storage, real routes adapter, real files), once for every fsync,
 * rename and write that it makes and for every way in which one can go wrong: it fails with EIO, it finds the disk
 * full, the process dies at it. Nothing is chosen by chance: the counts are measured first.
 */

interface Run extends Said {
  readonly root: string
  /** Where strace wrote. */
  readonly log: string
}

describe.skipIf(withoutStrace)(titleWithStrace('a rollout whose system calls fail, each once'), () => {
  let home: string
  let program: string
  let template: string
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'zeth-calls-'))
    program = join(home, 'rollout-writes.cjs')
    template = join(home, 'template')
    await build({
      entryPoints: [fileURLToPath(new URL('rollout-writes.ts', import.meta.url))], outfile: program,
      bundle: true, platform: 'node', format: 'cjs', target: 'node20.19', logLevel: 'warning',
    })
    await mkdir(dirname(places(template).routes), { recursive: true })
    const { store, history, router } = openAt(template)
    await store.write(recordAt(9, 'before'))
    await store.write(recordAt(10, 'before'))
    await history.append(entryOf('earlier'))
    await router.stage(routesAt('first'))
    await router.activate(routesAt('first').generation)
  })
  afterAll(() => rm(home, { recursive: true, force: true }))

  let runs = 0
  async function run(injection: Injection | null): Promise<Run> {
    runs += 1
    const root = join(home, `run-${runs}`)
    const log = `${root}.strace`
    await cp(template, root, { recursive: true })
    // The faster way of tracing delivers no signals.
    const argv = ['-f', '-qq', ...(injection?.fault === 'KILL' ? [] : ['--seccomp-bpf']), ...straceArguments(log, pathsBelow(root), injection), process.execPath, program, root]
    const env = { PATH: process.env['PATH'], UV_THREADPOOL_SIZE: '1' }
    const { stdout } = await promisify(execFile)('strace', argv, { env, timeout: 20_000 }).catch((error: unknown) => {
      // Killed: what it had said counts.
      if (error instanceof Error && 'stdout' in error && typeof error.stdout === 'string') return { stdout: error.stdout }
      throw error
    })
    return { root, log, lines: stdout.split('\n').filter((line) => line !== '') }
  }

  async function forget({ root, log }: Run): Promise<void> {
    await rm(root, { recursive: true })
    await rm(log, { force: true })
  }

  /** Five records, two prepared versions of the routes, one put in force, one line of history. */
  const callsOfOneRollout = { fsync: 5 * 5 + 2 * 4 + 2 + 1, rename: 5 * 2 + 2 + 1, write: 5 * 2 + 2 + 1 }

  test('makes every sync that a durable file needs when nothing fails, and strace sees them all', async () => {
    const traced = await run(null)
    expect(traced.lines.at(-1)).toBe('finished')
    expect(await wrongAfter(traced)).toEqual([])
    const calls = await tracedCalls(traced.log)
    const count = (name: string) => calls.filter(({ call }) => call === name).length
    expect({ fsync: count('fsync'), rename: count('rename'), write: count('write') }).toEqual(callsOfOneRollout)
    await forget(traced)
  })

  test.for([
    ['fault 12', 'fsync', 'EIO'], ['fault 11', 'fsync', 'ENOSPC'], ['fault 10', 'fsync', 'KILL'],
    ['fault 10', 'rename', 'EIO'], ['fault 11', 'rename', 'ENOSPC'], ['fault 10', 'rename', 'KILL'],
    ['fault 10', 'write', 'EIO'], ['fault 11', 'write', 'ENOSPC'], ['fault 10', 'write', 'KILL'],
  ] as const)('%s: whichever %s ends with %s, files are old or new, nothing acknowledged is lost, and the outcome is told', async ([, call, fault], context) => {
    const wrong: string[] = []
    let met = 0
    /** Every second one, so that both cores have work. */
    const strike = async (from: number): Promise<void> => {
      for (let nth = from; ; nth += 2) {
        const struck = await run({ call, fault, nth })
        const calls = await tracedCalls(struck.log)
        const isMet = fault === 'KILL' ? !endings.includes(struck.lines.at(-1) ?? '') : calls.some(({ injected }) => injected)
        if (!isMet) {
          await forget(struck)
          return
        }
        met += 1
        const found = [...(fault === 'KILL' ? [] : wrongOutcome(struck, fault, calls)), ...await wrongAfter(struck)]
        wrong.push(...found.map((what) => `${describeInjection({ call, fault, nth })}: ${what}; it said\n  ${struck.lines.join('\n  ')}`))
        await forget(struck)
      }
    }
    await Promise.all([strike(1), strike(2)])
    expect(wrong.join('\n')).toBe('')
    expect(met).toBe(callsOfOneRollout[call])
    tellFigure(context, { name: 'injected system call faults', value: met, together: 'sum' })
  })
})

const endings = ['finished', 'undone']

/** A process that lives on tells what failed by its code, goes the right way, and never trusts a file again whose sync failed. */
function wrongOutcome({ lines }: Said, fault: 'EIO' | 'ENOSPC', calls: readonly TracedCall[]): string[] {
  const failed = lines.filter((line) => line.startsWith('failed '))
  const before = failed.filter((line) => !afterTurning.test(line))
  const struck = calls.findIndex(({ injected }) => injected)
  const untrusted = calls[struck]
  const trustedAgain = untrusted?.call === 'fsync' && untrusted.path.includes('.tmp') && calls.slice(struck + 1).some(({ path }) => path === untrusted.path)
  return [
    ...failed.filter((line) => !/ (storage_failed|routes_unwritable)$/.test(line)).map((line) => `it told ${line}`),
    ...(lines.at(-1) === (before.length === 0 ? 'finished' : 'undone') ? [] : ['it went the wrong way']),
    // What settles the outcome had the space in reserve.
    ...(fault === 'ENOSPC' ? failed.filter((line) => afterTurning.test(line) && !line.includes(' activate ')).map((line) => `in spite of the space kept it told ${line}`) : []),
    ...(trustedAgain ? [`${untrusted.path} was used again after its sync had failed`] : []),
  ]
}

/** Writes of the way back and of the closing; those before are the way there. */
const afterTurning = / (record \d+ (failed|held|finished)|history \w+|activate c+) /

/** What strace shall look at: everything that a rollout may write below its directory. */
function pathsBelow(root: string): string[] {
  const place = places(root)
  const tokens = Array.from({ length: 60 }, (_, n) => `${n}`.padStart(32, '0'))
  const staged = Object.values(generations).map((generation) => join(place.staging, `routes-${generation}.yml`))
  return [
    root, place.record, `${place.record}.previous`, place.history, place.routes, place.staging, dirname(place.routes), dirname(place.staging),
    ...staged, ...staged.map((path) => `${path}.tmp`),
    ...tokens.flatMap((token) => [`${place.record}.tmp-${token}`, `${place.history}.tmp-${token}`]),
  ]
}
