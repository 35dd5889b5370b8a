import { UpdaterError } from '../rollout/errors.ts'

/** A command that ran and said no. Its words have been redacted. */
export class CommandFailed extends Error {
  readonly exitCode: number | null
  readonly stderr: string

  constructor(command: string, exitCode: number | null, stderr: string) {
    super(`${command} ended with ${exitCode === null ? 'no exit code' : `exit code ${exitCode}`}: ${lastWords(stderr)}`)
    this.name = 'CommandFailed'
    this.exitCode = exitCode
    this.stderr = stderr
  }
}

/** The command ran into the limit of one git command. A caller's own limit_exceeded is not this one. */
export class LimitReached extends UpdaterError {
  constructor(command: string, limit: number) {
    super('limit_exceeded', `${command} was ended at its limit of ${limit / 1000} s (limits.git).`)
  }
}

/** What a caller gets whose signal ended the command: the signal's own reason where that says enough. */
export function abortedBy(signal: AbortSignal, command: string): UpdaterError {
  if (signal.reason instanceof UpdaterError) return signal.reason
  return new UpdaterError('cancelled', `${command} was ended because its caller stopped waiting.`, { cause: signal.reason })
}

/** A failure of a command on our own repositories or files, which no release and no remote is to blame for. */
export function localFailure(doing: string, error: unknown): UpdaterError {
  if (error instanceof UpdaterError) return error
  const words = error instanceof Error ? error.message : String(error)
  if (isDiskFull(error)) return diskFull(doing, error)
  return new UpdaterError('git_failed', `${doing} failed: ${words}. What runs is untouched; check the state directory and the project directory.`, { cause: error })
}

/** A failure of a command that talks to the remote: unreachable, too slow, or an answer that git refuses. */
export function remoteFailure(url: string, error: unknown): UpdaterError {
  if (error instanceof UpdaterError && !(error instanceof LimitReached)) return error
  const words = error instanceof Error ? error.message : String(error)
  if (isDiskFull(error)) return diskFull(`Fetching from ${url}`, error)
  if (lacksSsh(error)) return new UpdaterError('remote_unreachable', `The release repository ${url} is reached by ssh, and there is no ssh client here. Give AUTO_UPDATE_REPO its https address, with GITHUB_TOKEN if it is private; what runs is untouched.`, { cause: error })
  return new UpdaterError('remote_unreachable', `The release repository ${url} gave no usable answer: ${words}`, { cause: error })
}

/** The lines in which git, ssh or the other side say why, short and without control characters. */
function lastWords(stderr: string): string {
  const printable = stderr.replaceAll(/[^\P{Cc}\n]/gu, ' ')
  const lines = printable.split('\n').map((line) => line.trim()).filter((line) => line !== '')
  const told = lines.filter((line) => /^(?:fatal|error|ssh|remote):|permission denied|host key verification failed/i.test(line)).slice(0, 3)
  return (told.length > 0 ? told.join('; ') : (lines.at(-1) ?? 'it said nothing')).slice(0, 400)
}

function isDiskFull(error: unknown): boolean {
  const words = error instanceof CommandFailed ? error.stderr : String(error)
  return /No space left on device|ENOSPC|Disk quota exceeded/.test(words)
}

/** In the words of git, and of the shells that it has run its ssh command. */
function lacksSsh(error: unknown): boolean {
  return error instanceof CommandFailed && /\bcannot run ssh\b|\bssh: (?:command )?not found\b/.test(error.stderr)
}

function diskFull(doing: string, cause: unknown): UpdaterError {
  return new UpdaterError('disk_full', `${doing} failed because the disk of the state directory is full. Make room there and try again.`, { cause })
}
