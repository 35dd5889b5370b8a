import { type ChildProcess, spawn } from 'node:child_process'
import { open } from 'node:fs/promises'
import { constants } from 'node:os'
import type { ContainerPaths, Launch } from '../containers/container-files.ts'
import { type ProcessIdentity, identifyProcess, nonceVariable, sendSignal } from '../process-identity.ts'

/** What the supervisor adds to a run of the service. */
export interface Supervision {
  readonly onStart: (child: ProcessIdentity | null) => Promise<void>
  /** Time between SIGTERM and SIGKILL. */
  readonly graceMs: () => Promise<number>
  readonly stopping: AbortSignal
}

/** Runs the service's command to its end. A stop is passed on as SIGTERM, and as SIGKILL after the grace. @returns its exit code */
export async function runServiceOnce(paths: ContainerPaths, launch: Launch, supervision: Supervision): Promise<number> {
  const log = await open(paths.log, 'a', 0o600)
  const child = spawnService(launch, log.fd)
  // Both listen before anything is awaited: these events come once.
  const exited = exitCodeOf(child)
  const started = await new Promise<boolean>((resolve) => {
    child.once('spawn', () => resolve(true))
    child.once('error', () => resolve(false))
  })
  await log.close()
  if (!started || child.pid === undefined) return exited
  const pid = child.pid
  await supervision.onStart(await identifyProcess(pid))
  const stop = stopGently(pid, supervision)
  try {
    return await exited
  } finally {
    stop.cancel()
  }
}

function spawnService(launch: Launch, log: number): ChildProcess {
  const [command, ...args] = launch.argv
  return spawn(command === 'node' || command === undefined ? process.execPath : command, args, {
    cwd: launch.cwd,
    // A group of its own, so that a stop reaches all of it.
    detached: true,
    env: { PATH: process.env['PATH'] ?? '', ...launch.environment, [nonceVariable]: launch.nonce },
    stdio: ['ignore', log, log],
  })
}

function exitCodeOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      console.error('the command cannot be started', error)
      resolve(127)
    })
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
  })
}

function stopGently(pid: number, { stopping, graceMs }: Supervision): { cancel: () => void } {
  let killing: NodeJS.Timeout | undefined
  let over = false
  const begin = async (): Promise<void> => {
    sendSignal(-pid, 'SIGTERM')
    const grace = await graceMs()
    if (!over) killing = setTimeout(() => sendSignal(-pid, 'SIGKILL'), grace)
  }
  const onStop = (): void => {
    begin().catch((error: unknown) => {
      console.error('the stop request cannot be read: killing at once', error)
      sendSignal(-pid, 'SIGKILL')
    })
  }
  if (stopping.aborted) onStop()
  else stopping.addEventListener('abort', onStop, { once: true })
  return {
    cancel: () => {
      over = true
      clearTimeout(killing)
      stopping.removeEventListener('abort', onStop)
    },
  }
}
