import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { UpdaterError } from '../../rollout/errors.ts'
import type { BuildProgress } from '../../rollout/model.ts'
import { nonceVariable, sendSignal } from '../process-identity.ts'

const keptLines = 50

/** One command of a service's build. */
export interface BuildCommand {
  readonly service: string
  readonly argv: readonly string[]
  readonly cwd: string
  readonly nonce: string
  readonly onProgress: (progress: BuildProgress) => void
}

/**
 * Runs it in a process group of its own; an abort kills the whole group.
 * @throws build_failed with the last lines; the signal's reason when aborted
 */
export async function runBuildCommand(command: BuildCommand, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const lines: string[] = []
  const child = spawnCommand(command)
  const kill = (): void => {
    if (child.pid !== undefined) sendSignal(-child.pid, 'SIGKILL')
  }
  signal.addEventListener('abort', kill, { once: true })
  try {
    const onLine = (line: string): void => {
      lines.push(line)
      if (lines.length > keptLines) lines.shift()
      command.onProgress({ service: command.service, line })
    }
    for (const stream of [child.stdout, child.stderr]) if (stream !== null) createInterface({ input: stream }).on('line', onLine)
    const ending = await endOf(child)
    signal.throwIfAborted()
    if (ending !== null) throw failure(command, ending, lines)
  } finally {
    signal.removeEventListener('abort', kill)
    kill()
  }
}

function spawnCommand({ argv, cwd, nonce }: BuildCommand): ChildProcess {
  const [program, ...args] = argv
  return spawn(program === 'node' || program === undefined ? process.execPath : program, args, {
    cwd,
    detached: true,
    env: { PATH: process.env['PATH'] ?? '', [nonceVariable]: nonce },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Null after a good end, else how it ended. All output has been read by then. */
function endOf(child: ChildProcess): Promise<string | null> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started (${error.message})`))
    // A background process may hold the output open; the end of the command itself is what counts.
    child.once('exit', (code, signal) => {
      const ending = code === 0 ? null : code === null ? `was ended by ${signal ?? 'a signal'}` : `exited with ${code}`
      const patience = setTimeout(() => resolve(ending), 1_000)
      child.once('close', () => {
        clearTimeout(patience)
        resolve(ending)
      })
    })
  })
}

function failure(command: BuildCommand, ending: string, lines: readonly string[]): UpdaterError {
  return new UpdaterError('build_failed', `The build of ${command.service} failed: "${command.argv.join(' ')}" ${ending}.`, {
    details: { service: command.service, logs: lines.slice(-50) },
  })
}
