import { spawn } from 'node:child_process'
import { UpdaterError } from '../../rollout/errors.ts'
import { abortReason, seconds, throwIfAborted } from '../waiting.ts'

export interface ChildCall {
  readonly argv: readonly string[]
  readonly directory: string
  readonly environment: Readonly<Record<string, string>>
  /** ms. */
  readonly limit: number
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
  throwIfAborted(signal)
  const [command, ...args] = call.argv
  if (command === undefined) throw new UpdaterError('invalid_settings', 'The compose command is empty; set it to `docker compose`.')
  const expiry = AbortSignal.timeout(call.limit)
  const either = AbortSignal.any([signal, expiry])
  return await new Promise<ChildResult>((resolve, reject) => {
    const child = spawn(command, args, { cwd: call.directory, env: { ...call.environment }, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    const stdout = keepEnd(child.stdout, 16 * 1024 * 1024)
    const stderr = keepEnd(child.stderr, 64 * 1024)
    const end = (): void => {
      killGroup(child.pid)
      reject(signal.aborted ? abortReason(signal) : new UpdaterError('limit_exceeded', `${call.argv.join(' ')} did not end within ${seconds(call.limit)}.`))
    }
    either.addEventListener('abort', end, { once: true })
    child.on('error', (error) => {
      either.removeEventListener('abort', end)
      reject(new UpdaterError('compose_failed', `${command} could not be started (${error.message}); install it, or name the right compose command in the settings.`, { cause: error }))
    })
    child.on('close', (code) => {
      either.removeEventListener('abort', end)
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
