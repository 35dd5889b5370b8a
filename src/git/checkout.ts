import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { UpdaterError } from '../rollout/errors.ts'
import type { ArchiveSource } from './archive.ts'
import { start } from './command.ts'
import type { CommandOptions } from './command.ts'
import { abortedBy, localFailure } from './failure.ts'
import { isCommitId } from './mirror.ts'
import { settleTree } from './settled-tree.ts'
import { syncPath } from '../files/sync-path.ts'

/** The directory that a release is laid out in. */
function releaseDirectory(stateDirectory: string, commit: string): string {
  return join(stateDirectory, 'releases', commit)
}

/** `releases/<commit>/`: whole, durable and not leading out of itself, or not there. */
export interface Checkouts {
  checkout(commit: string, signal: AbortSignal): Promise<void>
  /** Removes what is not in the set, left-over temporary directories included. */
  prune(commits: ReadonlySet<string>, signal: AbortSignal): Promise<void>
}

export function createCheckouts(stateDirectory: string, archives: ArchiveSource, options: Omit<CommandOptions, 'signal'>): Checkouts {
  const root = join(stateDirectory, 'releases')
  /** Temporary directories of running calls, which no prune may take away. */
  const inUse = new Set<string>()

  const lay = async (commit: string, temporary: string, signal: AbortSignal): Promise<void> => {
    await mkdir(temporary)
    // git archive and tar, joined without a shell. Owners are not taken over; GNU tar creates outward links last.
    const tar = start('tar', ['-x', '-o', '-f', '-', '-C', temporary], { ...options, signal })
    const archive = archives.archive(commit, '', signal)
    const whole = finished(archive).catch((error: unknown) => {
      tar.stop()
      throw error
    })
    archive.pipe(tar.stdin)
    // tar may leave at the end mark, before it has taken the padding behind it; the archive is read to its end all the
    // same. (After `pipe`, whose own listener pauses the archive.)
    tar.stdin.once('close', () => archive.resume())
    await bothWell(whole, tar.done.catch((error: unknown) => {
      archive.destroy()
      throw error
    }))
    await settleTree(temporary, signal)
    await publish(temporary, releaseDirectory(stateDirectory, commit))
    await syncPath(root)
  }

  return {
    checkout: async (commit, signal) => {
      if (!isCommitId(commit)) throw new UpdaterError('unknown_commit', `${JSON.stringify(commit.slice(0, 64))} is no commit of the release repository.`)
      const name = `.new-${randomUUID()}`
      inUse.add(name)
      try {
        // Whoever gave it its name may have ended, or failed, before that was durable.
        if (await exists(releaseDirectory(stateDirectory, commit))) return await syncPath(root)
        await mkdir(root, { recursive: true })
        await lay(commit, join(root, name), signal)
      } catch (error) {
        throw localFailure(`Laying out the release ${commit}`, error)
      } finally {
        await rm(join(root, name), { recursive: true, force: true })
        inUse.delete(name)
      }
    },
    prune: async (commits, signal) => {
      try {
        for (const name of await names(root)) {
          if (commits.has(name) || inUse.has(name)) continue
          if (signal.aborted) throw abortedBy(signal, 'Removing old releases')
          // Out of its name by one rename first: a half-removed release never counts as one.
          const doomed = name.startsWith('.old-') ? name : `.old-${randomUUID()}`
          if (doomed !== name) await rename(join(root, name), join(root, doomed))
          await rm(join(root, doomed), { recursive: true, force: true })
        }
      } catch (error) {
        throw localFailure('Removing old releases', error)
      }
    },
  }
}

/** Waits for both ends of the pipe; the reader's end tells why the writer's broke, unless the writer began. */
async function bothWell(whole: Promise<void>, done: Promise<void>): Promise<void> {
  const [writer, reader] = await Promise.allSettled([whole, done])
  if (writer.status === 'rejected' && writer.reason instanceof UpdaterError) throw writer.reason
  if (reader.status === 'rejected') throw reader.reason
  if (writer.status === 'rejected') throw writer.reason
}

/** Another call may have been faster: its result is as good as ours. */
async function publish(temporary: string, target: string): Promise<void> {
  try {
    await rename(temporary, target)
  } catch (error) {
    if (!(await exists(target))) throw error
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null
}

async function names(directory: string): Promise<string[]> {
  return (await exists(directory)) ? readdir(directory) : []
}
