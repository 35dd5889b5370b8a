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
    '-y', '-s', '0', '-o', log, '-e', 'trace=fsync,rename,write', ...paths.flatMap((path) => ['-P', path]),
    ...(injection === null ? [] : ['-e', `inject=${injection.call}:${injection.fault === 'KILL' ? 'signal=KILL' : `error=${injection.fault}`}:when=${injection.nth}`]),
  ]
}

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
    const match = /(fsync|rename|write)\((?:\d+<([^>]*)>|"([^"]*)")/.exec(line)
    const path = match?.[2] ?? match?.[3]
    return match?.[1] === undefined || path === undefined ? [] : [{ call: match[1], path, injected: line.includes('(INJECTED)') }]
  })
}

/**
 * Traces a running Node process that does its file work on one thread of its pool. Its main thread is left alone, and so
 * are programs that it starts.
 * @returns what ends the tracing; the process goes on
 */
export async function attachStrace(pid: number, log: string, paths: readonly string[], injection: Injection | null): Promise<() => Promise<void>> {
  const threads = (await readdir(`/proc/${pid}/task`)).filter((thread) => thread !== String(pid))
  const tracer = spawn(tool, [...straceArguments(log, paths, injection), ...threads.flatMap((thread) => ['-p', thread])], { stdio: ['ignore', 'ignore', 'pipe'] })
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
