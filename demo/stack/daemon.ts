import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createInterface, type Interface } from 'node:readline'
import { join } from 'node:path'
import { followFile } from './follow-file.ts'
import { startProcess } from './process.ts'
import { repository } from './project.ts'

export interface DaemonOptions {
  readonly env: Readonly<Record<string, string>>
  /** Everything it prints is appended here. */
  readonly logFile: string
  /** Each line of its log, parsed. */
  readonly onLine?: (line: LogLine) => void
  /** Its process id, as soon as there is one: long before its API is up. */
  readonly onSpawn?: (pid: number) => void
  /** It may outlive us: a session of its own, and its output straight on the file instead of through a pipe of ours. */
  readonly detached?: boolean
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
  /** Settles when it has ended, whoever ended it. */
  readonly exited: Promise<{ code: number | null; signal: string | null }>
  /** Sends a signal and waits for its end. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<{ code: number | null; signal: string | null }>
  /** This process may end without it. Only for a detached one. */
  letGo?(): void
}

/** How long a start may take until the API is up, ms: a machine under full load needs a hundred times what an idle one does. */
const startLimit = 60_000

/**
 * Starts the bundled daemon and waits until its API listens.
 * @throws Error with its last output when it ends before
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  return options.detached === true ? startDetached(options) : startAttached(options)
}

const program = join(repository, 'dist/zetherion-updater.cjs')

async function startDetached(options: DaemonOptions): Promise<Daemon> {
  const { env, logFile } = options
  const written = await stat(logFile).then(({ size }) => size, () => 0) // no file yet: nothing was written
  const daemon = await startProcess({ argv: [program], env, logFile, detached: true })
  options.onSpawn?.(daemon.pid)
  const url = await Promise.race([
    listening(createInterface({ input: followFile(logFile, written, () => !daemon.alive) }), options, () => undefined),
    daemon.exited.then(({ code }) => {
      throw endedBefore(code, logFile)
    }),
  ]).catch(async (error: unknown) => {
    if (daemon.alive) await daemon.end('SIGKILL')
    throw error
  })
  return { pid: daemon.pid, url, exited: daemon.exited, end: (signal) => daemon.end(signal), letGo: () => daemon.letGo() }
}

async function startAttached(options: DaemonOptions): Promise<Daemon> {
  const child = spawn(process.execPath, [program], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (child.pid !== undefined) options.onSpawn?.(child.pid)
  const exited = once(child, 'exit').then(([code, signal]: unknown[]) => ({
    code: typeof code === 'number' ? code : null,
    signal: typeof signal === 'string' ? signal : null,
  }))
  const url = await Promise.race([piped(child, options), exited.then(({ code }) => {
    throw endedBefore(code, options.logFile)
  })]).catch(async (error: unknown) => {
    if (child.kill('SIGKILL')) await exited
    throw error
  })
  return {
    pid: child.pid ?? 0,
    url,
    exited,
    async end(signal) {
      child.kill(signal)
      return exited
    },
  }
}

function endedBefore(code: number | null, logFile: string): Error {
  return new Error(`the updater ended with code ${code} before its API was up; see ${logFile}`)
}

function piped(child: ChildProcess, options: DaemonOptions): Promise<string> {
  const log = createWriteStream(options.logFile, { flags: 'a' })
  child.stderr?.pipe(log, { end: false })
  if (child.stdout === null) throw new Error('the updater was started without a pipe')
  const lines = createInterface({ input: child.stdout })
  // Both have ended then: its last words may come after the end of its log.
  child.once('close', () => log.end())
  return listening(lines, options, (text) => log.write(`${text}\n`))
}

/** @param keep what is done with each line as it is */
function listening(lines: Interface, { logFile, onLine }: DaemonOptions, keep: (text: string) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`the updater's API was not up within ${startLimit} ms; see ${logFile}`)), startLimit)
    lines.on('line', (text) => {
      keep(text)
      const line = parse(text)
      if (line === null) return
      onLine?.(line)
      const { address } = line
      if (typeof address === 'string' && line.msg === 'The control API is up.') {
        clearTimeout(limit)
        resolve(address)
      }
    }).on('close', () => clearTimeout(limit))
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
