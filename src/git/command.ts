import { spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { fixedConfig } from './environment.ts'
import { abortedBy, CommandFailed, LimitReached } from './failure.ts'
import type { Redact } from './redaction.ts'

/** How a command is run. */
export interface CommandOptions {
  readonly cwd: string
  readonly environment: Readonly<Record<string, string>>
  /** Milliseconds. */
  readonly limit: number
  readonly signal: AbortSignal
  readonly redact: Redact
}

/** A command that runs. */
export interface RunningCommand {
  readonly stdin: Writable
  readonly stdout: Readable
  /** Resolves after exit code 0 with all output closed. @throws CommandFailed, limit_exceeded, the signal's reason */
  readonly done: Promise<void>
  /** Ends it and all it started. */
  stop(): void
}

// git is asked to leave (it removes its lock files then), and made to shortly after.
const politeness = 1_000
const mostErrorText = 16_384
// Kept besides until it was redacted: half a secret at the cut would not be known for one.
const longestSecret = 16_384
const mostOutput = 16 * 1024 * 1024

/**
 * Starts a program in a process group of its own, so that its end takes its helpers along: `git-remote-https` and `ssh`
 * outlive a git that was killed alone, and would listen to an endless remote for ever. (simple-git kills only git.)
 */
export function start(program: 'git' | 'tar' | 'ssh-keygen', args: readonly string[], options: CommandOptions): RunningCommand {
  const { cwd, environment, limit, signal, redact } = options
  const name = `${program} ${program === 'git' ? (args[0] ?? '') : ''}`.trim()
  const child = spawn(program, program === 'git' ? [...fixedConfig.flatMap((entry) => ['-c', entry]), ...args] : args, { cwd, env: { ...environment }, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-mostErrorText - longestSecret)
  })
  // Whoever writes to a program that has ended learns why from `done`.
  child.stdin.on('error', () => undefined)

  const kill = (how: NodeJS.Signals): void => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, how)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
    }
  }
  let closed = false
  let insist: NodeJS.Timeout | undefined
  const stop = (): void => {
    if (insist !== undefined || closed) return
    kill('SIGTERM')
    // A pipe that nobody reads any more would keep the end from being seen.
    child.stdout.destroy()
    insist = setTimeout(() => {
      kill('SIGKILL')
      // A helper in a group of its own, such as an ssh that stays for the next call, may hold the other one for as long as it likes.
      child.stderr.destroy()
    }, politeness)
  }

  const done = new Promise<void>((resolve, reject) => {
    let verdict: Error | null = null
    const end = (why: Error) => (): void => {
      verdict ??= why
      stop()
    }
    const onAbort = (): void => end(abortedBy(signal, name))()
    const timer = setTimeout(end(new LimitReached(name, limit)), limit)
    const settle = (outcome: Error | null): void => {
      clearTimeout(timer)
      clearTimeout(insist)
      signal.removeEventListener('abort', onAbort)
      closed = true
      const failure = verdict ?? outcome
      if (failure === null) resolve()
      else reject(failure)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    child.on('error', (error) => settle(new CommandFailed(name, null, redact(error.message))))
    child.on('close', (code) => settle(code === 0 ? null : new CommandFailed(name, code, redact(stderr).slice(-mostErrorText))))
  })
  return { stdin: child.stdin, stdout: child.stdout, done, stop }
}

/** Runs git to its end and answers with what it printed, at most 16 MiB. */
export async function runGit(args: readonly string[], options: CommandOptions): Promise<string> {
  const command = start('git', args, options)
  command.stdin.end()
  const chunks: Buffer[] = []
  let size = 0
  command.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > mostOutput) command.stop()
    else chunks.push(chunk)
  })
  try {
    await command.done
  } catch (error) {
    if (size > mostOutput) throw new CommandFailed(`git ${args[0] ?? ''}`, null, `it printed more than ${mostOutput} bytes`)
    throw error
  }
  return Buffer.concat(chunks).toString('utf8')
}
