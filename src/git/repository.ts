import { simpleGit } from 'simple-git'
import { fixedConfig } from './environment.ts'
import type { Environment } from './environment.ts'
import { abortedBy, CommandFailed, LimitReached } from './failure.ts'
import type { Redact } from './redaction.ts'

/** Questions to a repository on this machine, and changes to it. */
export interface Repository {
  /** What git printed. @throws CommandFailed, limit_exceeded, the signal's reason */
  run(args: readonly string[], signal: AbortSignal): Promise<string>
  /** The same for a question whose answer may be no: null at that exit code (default 1). */
  ask(args: readonly string[], signal: AbortSignal, no?: number): Promise<string | null>
}

/**
 * A repository through simple-git, one instance a command: its abort signal belongs to the instance. It is kept from
 * three habits of simple-git: to take an exit code without words for success (a git that was killed, for one), to
 * take output for complete 50 ms after the exit, and to wait as long for more from a git that said nothing.
 * @param config settings besides the fixed ones, which no configuration file can undo
 */
export function openRepository(directory: string, environment: Environment, limit: number, redact: Redact, config: readonly string[] = []): Repository {
  const run = async (args: readonly string[], signal: AbortSignal): Promise<string> => {
    const name = `git ${args[0] ?? ''}`
    if (signal.aborted) throw abortedBy(signal, name)
    const timeout = AbortSignal.timeout(limit)
    let exitCode: number | null = null
    try {
      const git = simpleGit({
        baseDir: directory,
        abort: AbortSignal.any([signal, timeout]),
        config: [...fixedConfig, ...config],
        allowEnvironment: Object.keys(environment),
        // Ours, not a release's: GIT_CONFIG_GLOBAL and the settings above.
        unsafe: { allowUnsafeConfigPaths: true, allowUnsafeHooksPath: true, allowUnsafeFsMonitor: true, allowUnsafeGpgProgram: true },
        completion: { onClose: true, onExit: false },
        errors: (error, result) => {
          exitCode = result.exitCode
          if (error !== undefined || exitCode === 0) return error
          return new Error(Buffer.concat(result.stdErr).toString('utf8'))
        },
      })
      return await git.env({ ...environment }).outputHandler(endsInWords).raw([...args])
    } catch (error) {
      if (signal.aborted) throw abortedBy(signal, name)
      if (timeout.aborted) throw new LimitReached(name, limit)
      // simple-git's own error carries the command and what it printed: only its redacted words go on.
      throw new CommandFailed(name, exitCode, redact(error instanceof Error ? error.message : String(error)))
    }
  }
  return {
    run,
    ask: async (args, signal, no = 1) => {
      try {
        return await run(args, signal)
      } catch (error) {
        if (error instanceof CommandFailed && error.exitCode === no) return null
        throw error
      }
    },
  }
}

/** Nothing, said when all is said: with that simple-git has heard something. */
function endsInWords(_command: string, stdout: NodeJS.ReadableStream): void {
  stdout.once('end', () => stdout.emit('data', Buffer.alloc(0)))
}
