import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { repository } from './project.ts'

export interface DaemonOptions {
  readonly env: Readonly<Record<string, string>>
  /** Everything it prints is appended here. */
  readonly logFile: string
  /** Each line of its log, parsed. */
  readonly onLine?: (line: LogLine) => void
}

/** A line of the daemon's log; see src/logging.ts and the updater's events. */
export interface LogLine {
  readonly time: string
  readonly msg: string
  readonly event?: string
  readonly step?: string | null
  readonly durationMs?: number | null
  readonly [key: string]: unknown
}

/** The daemon as a process of its own. */
export interface Daemon {
  readonly pid: number
  /** Where its API listens. */
  readonly url: string
  /** Sends a signal and waits for its end. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<{ code: number | null; signal: string | null }>
}

/** How long a start may take until the API is up, ms. */
const startLimit = 15_000

/**
 * Starts the bundled daemon and waits until its API listens.
 * @throws Error with its last output when it ends before
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const child = spawn(process.execPath, [join(repository, 'dist/zetherion-updater.cjs')], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit').then(([code, signal]: unknown[]) => ({
    code: typeof code === 'number' ? code : null,
    signal: typeof signal === 'string' ? signal : null,
  }))
  const url = await Promise.race([listening(child, options), exited.then(({ code }) => {
    throw new Error(`the updater ended with code ${code} before its API was up; see ${options.logFile}`)
  })])
  return {
    pid: child.pid ?? 0,
    url,
    async end(signal) {
      child.kill(signal)
      return exited
    },
  }
}

function listening(child: ChildProcess, { logFile, onLine }: DaemonOptions): Promise<string> {
  const log = createWriteStream(logFile, { flags: 'a' })
  child.stderr?.pipe(log, { end: false })
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`the updater's API was not up within ${startLimit} ms; see ${logFile}`)), startLimit)
    if (child.stdout === null) return
    createInterface({ input: child.stdout }).on('line', (text) => {
      log.write(`${text}\n`)
      const line = parse(text)
      if (line === null) return
      onLine?.(line)
      const { address } = line
      if (typeof address === 'string' && line.msg === 'The control API is up.') {
        clearTimeout(limit)
        resolve(address)
      }
    }).on('close', () => log.end())
  })
}

function parse(text: string): LogLine | null {
  try {
    const line: unknown = JSON.parse(text)
    return isLogLine(line) ? line : null
  } catch {
    return null // not a line of the log, such as a warning of Node's own
  }
}

function isLogLine(line: unknown): line is LogLine {
  return typeof line === 'object' && line !== null && 'msg' in line && typeof line.msg === 'string'
}
