import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'

export interface ProcessOptions {
  /** Program and arguments for Node. */
  readonly argv: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** stdout and stderr are appended here. */
  readonly logFile: string
  /**
   * In a session of its own: it gets no Ctrl-C of this terminal, so that whoever started it decides about the order in
   * which things end, and it may outlive us.
   */
  readonly detached: boolean
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: string | null
}

/** A Node program of the demo's world, with its output on a file. */
export interface OwnProcess {
  readonly pid: number
  readonly exited: Promise<Exit>
  /** False from the moment at which its end was seen. */
  readonly alive: boolean
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<Exit>
  /** This process may end without it. */
  letGo(): void
}

/** Starts a Node program. @throws Error when it cannot be started at all */
export async function startProcess({ argv, env = {}, logFile, detached }: ProcessOptions): Promise<OwnProcess> {
  const log = await open(logFile, 'a')
  const child = spawn(process.execPath, argv, {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    stdio: ['ignore', log.fd, log.fd],
    detached,
  })
  let alive = true
  const exited = once(child, 'exit').then(([code, signal]: unknown[]): Exit => {
    alive = false
    return { code: typeof code === 'number' ? code : null, signal: typeof signal === 'string' ? signal : null }
  })
  await log.close()
  if (child.pid === undefined) await exited // rejects with why it could not be started
  return {
    pid: child.pid ?? 0,
    exited,
    get alive() {
      return alive
    },
    end(signal) {
      child.kill(signal)
      return exited
    },
    letGo: () => child.unref(),
  }
}
