import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

type ProgramName = 'skills' | 'api' | 'bot' | 'gateway'

/** A line that a program logged. */
interface LogLine {
  readonly level: string
  readonly message: string
  readonly [detail: string]: unknown
}

export interface Program {
  readonly url: string
  readonly log: readonly LogLine[]
  /** What it wrote on standard error. */
  errors(): string
  kill(signal: NodeJS.Signals): void
  /** Exit code, or null when a signal ended it. */
  readonly exit: Promise<number | null>
}

const APP = fileURLToPath(new URL('../../reference-app', import.meta.url))
const START_LIMIT_MS = 10_000

/** Secret of every skills service and caller in these tests. */
export const SKILLS_SECRET = 'a secret for tests'

/** Starts a program of the reference app on a free loopback port and waits until it says that it has started. */
export async function startProgram(name: ProgramName, env: NodeJS.ProcessEnv = {}, app = APP): Promise<Program> {
  const program = spawnProgram(name, env, app)
  const started = await Promise.race([
    eventually(() => program.log.find((line) => line.message === 'started')),
    program.exit.then((code) => {
      throw new Error(`${name} exited with ${code} before it had started: ${JSON.stringify(program.log)} ${program.errors()}`)
    }),
  ])
  return { ...program, url: `http://127.0.0.1:${String(started.port)}` }
}

/** Starts a program without waiting for anything. It is killed when the test ends. */
export function spawnProgram(name: ProgramName, env: NodeJS.ProcessEnv, app = APP): Program {
  const child = spawn(process.execPath, [join(app, 'src', `${name}.js`)], {
    env: {
      SKILLS_HOST: '127.0.0.1', SKILLS_PORT: '0', API_HOST: '127.0.0.1', API_PORT: '0',
      BOT_HEALTH_HOST: '127.0.0.1', BOT_HEALTH_PORT: '0', GATEWAY_PORT: '0', GATEWAY_HTTP_PORT: '0',
      SKILLS_API_SECRET: SKILLS_SECRET, ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const log: LogLine[] = []
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk))
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    log.push(...lines.map((line) => JSON.parse(line)))
  })
  // 'close' comes after the last output was read, 'exit' may come before.
  const exit = once(child, 'close').then(([code]) => (typeof code === 'number' ? code : null))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exit
  })
  return { url: '', log, errors: () => errors, exit, kill: (signal) => child.kill(signal) }
}

/** Waits until `look` gives something other than undefined, null or false. */
export async function eventually<T>(look: () => T | Promise<T>, limitMs = START_LIMIT_MS): Promise<Exclude<T, undefined | null | false>> {
  const limit = performance.now() + limitMs
  for (;;) {
    const seen = await look()
    if (isThere(seen)) return seen
    if (performance.now() > limit) throw new Error(`not seen within ${limitMs} ms: ${look.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

function isThere<T>(seen: T): seen is Exclude<T, undefined | null | false> {
  return seen !== undefined && seen !== null && seen !== false
}

/** A directory of this test's own, removed when it ends. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'reference-app-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}
