import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'

/** A call of the operating system that storage makes durable files with, and what goes wrong at it. */
export interface Injection {
  readonly call: 'fsync' | 'rename' | 'write'
  /** `KILL`: the process dies as it makes the call. */
  readonly fault: 'EIO' | 'ENOSPC' | 'KILL'
  /** The n-th of these calls on the traced paths; 1 is the first. */
  readonly nth: number
}

const tool = 'strace'

const possible = spawnSync(tool, ['-qq', '-o', '/dev/null', '-e', 'trace=none', 'true']).status === 0

if (!possible && process.env['ZETHERION_REQUIRE_ALL'] === '1') throw new Error('ZETHERION_REQUIRE_ALL=1, but strace cannot be used here: install it and allow ptrace')

/** Whether a test that needs strace is left out. */
export const withoutStrace = !possible

/** The title with the reason where it is left out. */
export function titleWithStrace(title: string): string {
  return withoutStrace ? `${title} (not run: strace is not installed or may not trace)` : title
}

/**
 * Arguments that make strace tell of these calls on these paths, one line each, on a file, and let one of them fail.
 * It counts per thread: the traced program must do its file work on one (`UV_THREADPOOL_SIZE=1`).
 */
export function straceArguments(log: string, paths: readonly string[], injection: Injection | null): string[] {
  return [
    ...tracing(log, 'fsync,rename,write'), ...paths.flatMap((path) => ['-P', path]),
    ...(injection === null ? [] : ['-e', `inject=${injection.call}:${injection.fault === 'KILL' ? 'signal=KILL' : `error=${injection.fault}`}:when=${injection.nth}`]),
  ]
}

/** Arguments that make strace tell of every call by which files are made durable, renamed or written, on whatever path. */
function straceArgumentsForAll(log: string): string[] {
  return tracing(log, 'fsync,fdatasync,sync_file_range,syncfs,rename,renameat,renameat2,write,pwrite64,writev,pwritev,pwritev2')
}

const tracing = (log: string, calls: string): string[] => ['-y', '-s', '0', '-o', log, '-e', `trace=${calls}`]

export function describeInjection({ call, fault, nth }: Injection): string {
  return `${fault} at ${call} ${nth}`
}

/** One traced call: which, on which path (of a rename: from), and whether it was made to fail. */
export interface TracedCall {
  readonly call: string
  readonly path: string
  readonly injected: boolean
}

/** @param log what strace wrote; empty where it never came to write */
export async function tracedCalls(log: string): Promise<TracedCall[]> {
  const text = await readFile(log, 'utf8').catch(() => '')
  return text.split('\n').flatMap((line) => {
    const match = /\b([a-z]\w*)\((?:\d+<([^>]*)>|(?:AT_FDCWD<[^>]*>, )?"([^"]*)")/.exec(line)
    const path = match?.[2] ?? match?.[3]
    return match?.[1] === undefined || path === undefined ? [] : [{ call: match[1], path, injected: line.includes('(INJECTED)') }]
  })
}

/**
 * Traces a running Node process that does its file work on one thread of its pool. Its main thread is left alone, and so
 * are programs that it starts.
 * @returns what ends the tracing; the process goes on
 */
export async function attachStrace(pid: number, log: string, paths: readonly string[], injection: Injection): Promise<() => Promise<void>> {
  return attach((await threadsOf(pid)).filter((thread) => thread !== String(pid)), straceArguments(log, paths, injection))
}

/** The same with all of its threads and all of their calls that make files durable, rename or write them. Nothing fails. */
export async function watchAllCalls(pid: number, log: string): Promise<() => Promise<void>> {
  return attach(await threadsOf(pid), straceArgumentsForAll(log))
}

const threadsOf = (pid: number): Promise<string[]> => readdir(`/proc/${pid}/task`)

async function attach(threads: readonly string[], argv: readonly string[]): Promise<() => Promise<void>> {
  const tracer = spawn(tool, [...argv, ...threads.flatMap((thread) => ['-p', thread])], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(tracer, 'exit')
  const attached = new Promise<void>((resolve, reject) => {
    let left = threads.length
    createInterface({ input: tracer.stderr }).on('line', (line) => {
      if (line.endsWith(' attached')) left -= 1
      if (left === 0) resolve()
    })
    ended.then(() => reject(new Error('strace ended before it had attached')), reject)
  })
  await attached
  return async () => {
    tracer.kill('SIGTERM')
    await ended
  }
}
