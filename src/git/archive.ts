import { PassThrough } from 'node:stream'
import type { Readable } from 'node:stream'
import { start } from './command.ts'
import type { CommandOptions } from './command.ts'
import { UpdaterError } from '../rollout/errors.ts'
import { localFailure } from './failure.ts'
import { isCommitId } from './mirror.ts'

/** Source trees as tar streams: build contexts that hold what is in the commit and nothing else (I8). */
export interface ArchiveSource {
  /**
   * `git archive` of a commit in the mirror. With a `path` the tar holds that directory's content only (`export-subst`
   * is not applied there, since git knows no commit for a part of a tree); empty means all. The stream ends only if the
   * archive is whole; otherwise it is destroyed with an UpdaterError (unknown_commit, limit_exceeded, git_failed, or the
   * signal's reason). Destroying it ends git.
   */
  readonly archive: (commit: string, path: string, signal: AbortSignal) => Readable
}

/** @param ready what must be true of the mirror before git may look into it */
export function createArchive(options: Omit<CommandOptions, 'signal'>, ready: (commit: string, signal: AbortSignal) => Promise<boolean>): ArchiveSource {
  const feed = async (commit: string, path: string, signal: AbortSignal, out: PassThrough): Promise<void> => {
    if (!isCommitId(commit) || !(await ready(commit, signal))) {
      throw new UpdaterError('unknown_commit', `The mirror holds no commit ${JSON.stringify(commit.slice(0, 64))}.`)
    }
    if (out.destroyed) return
    const command = start('git', ['archive', '--format=tar', path === '' ? commit : `${commit}:${path}`], { ...options, signal })
    out.once('close', () => command.stop())
    command.stdin.end()
    command.stdout.pipe(out, { end: false })
    await command.done
    out.end()
  }
  return {
    archive: (commit, path, signal) => {
      const out = new PassThrough()
      feed(commit, path, signal, out).catch((error: unknown) => out.destroy(asFailure(commit, error)))
      return out
    },
  }
}

function asFailure(commit: string, error: unknown): UpdaterError {
  return localFailure(`Reading the tree of ${commit}`, error)
}
