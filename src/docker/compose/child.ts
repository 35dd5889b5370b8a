import { spawn } from 'node:child_process'
import { UpdaterError } from '../../rollout/errors.ts'
import { within } from '../waiting.ts'
import type { Limit } from '../waiting.ts'

export interface ChildCall {
  readonly argv: readonly string[]
  readonly directory: string
  readonly environment: Readonly<Record<string, string>>
  readonly limit: Limit
}

export interface ChildResult {
  readonly code: number | null
  /** Their ends, if they were long. */
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a command to its end, in a process group of its own that is killed when the signal aborts or the limit is reached.
 * @throws compose_failed when it cannot be started, limit_exceeded, the signal's reason
 */
export async function runChild(call: ChildCall, signal: AbortSignal): Promise<ChildResult> {
  const [command, ...args] = call.argv
  if (command === undefined) throw new UpdaterError('invalid_settings', 'The compose command is empty; set it to `docker compose`.')
  return await within(call.limit, call.argv.join(' '), signal, (signal) => run(command, args, call, signal))
}

function run(command: string, args: readonly string[], call: ChildCall, signal: AbortSignal): Promise<ChildResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: call.directory, env: { ...call.environment }, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    const stdout = keepEnd(child.stdout, 1024 * 1024)
    const stderr = keepEnd(child.stderr, 64 * 1024)
    const kill = (): void => killGroup(child.pid)
    signal.addEventListener('abort', kill, { once: true })
    child.on('error', (error) => {
      signal.removeEventListener('abort', kill)
      reject(new UpdaterError('compose_failed', `${command} could not be started (${error.message}); install it, or name the right compose command in the settings.`, { cause: error }))
    })
    child.on('close', (code) => {
      signal.removeEventListener('abort', kill)
      resolve({ code, stdout: stdout(), stderr: stderr() })
    })
  })
}

/** Reads a stream to its end and keeps the last `limit` characters. */
function keepEnd(stream: NodeJS.ReadableStream, limit: number): () => string {
  let text = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    text = (text + chunk).slice(-limit)
  })
  return () => text
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // It ended in this very moment; `close` follows.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
