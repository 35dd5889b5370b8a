import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { realpathSync } from 'node:fs'
import type { Log, ReleaseSource } from '../rollout/ports.ts'
import { createArchive } from './archive.ts'
import type { ArchiveSource } from './archive.ts'
import { createCheckouts } from './checkout.ts'
import { keepGitconfig, localEnvironment, remoteEnvironment } from './environment.ts'
import { localFailure } from './failure.ts'
import { removeLeftovers } from './leftovers.ts'
import { createMirror } from './mirror.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { redactionOf } from './redaction.ts'
import { parseRemote } from './remote.ts'
import type { Remote } from './remote.ts'
import { openRepository } from './repository.ts'
import { createSignatureCheck, signatureConfig } from './signature.ts'
import { defaultTagPattern } from './tag.ts'
import { createWorkingTree } from './working-tree.ts'

export interface GitSourceOptions {
  /** https or ssh address, or an absolute path; see `remoteOf` for `owner/repo`. Credentials in it are taken out. */
  readonly remote: string
  /** For private repositories over https. */
  readonly token?: string
  /** Holds `source.git`, `releases/<commit>/` and `gitconfig`. Absolute. */
  readonly stateDirectory: string
  /** The operator's working tree. Absolute. */
  readonly projectDirectory: string
  /** Which tags are releases; default strict semver with an optional `v`. */
  readonly tagPattern?: RegExp
  /** File of those who may sign tags, absolute; null, the default: signatures are not asked for. */
  readonly allowedSigners?: string | null
  /** Limit of one git command, ms (`limits.git`). */
  readonly limit: number
  readonly log: Log
  /** Of which a handful of variables (PATH, proxies, keys) reach git; default that of this process. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

/**
 * Releases out of a git repository.
 * @throws invalid_settings when the address cannot be used
 */
export function createGitSource(options: GitSourceOptions): ReleaseSource & ArchiveSource {
  const { stateDirectory, projectDirectory, allowedSigners = null, limit, log } = options
  const remote = parseRemote(options.remote, options.token)
  const redact = redactionOf(remote.secrets)
  const mirrorDirectory = join(stateDirectory, 'source.git')
  const gitconfig = join(stateDirectory, 'gitconfig')
  const given = options.environment ?? process.env
  const environment = localEnvironment(given, gitconfig)
  const treeEnvironment = { ...environment, GIT_CEILING_DIRECTORIES: dirname(realPathOf(projectDirectory)) }

  const mirrorRepository = openRepository(mirrorDirectory, environment, limit, redact)
  const assertSigned = allowedSigners === null ? null : createSignatureCheck(
    allowedSigners, openRepository(mirrorDirectory, environment, limit, redact, signatureConfig(allowedSigners)),
    { cwd: mirrorDirectory, environment, limit, redact },
  )
  const raw = createMirror(
    mirrorDirectory, remote.url, { pattern: options.tagPattern ?? defaultTagPattern, assertSigned },
    { cwd: mirrorDirectory, environment: remoteEnvironment(given, gitconfig, remote), limit, redact },
    mirrorRepository, openRepository(stateDirectory, environment, limit, redact),
  )
  const configuring = oneAtATime()
  let configured = false
  const configure = async (): Promise<void> => {
    if (configured) return
    await mkdir(stateDirectory, { recursive: true })
    await removeLeftovers(stateDirectory).catch(() => undefined) // they only take room, and the next start tries again
    await keepGitconfig(gitconfig, safeDirectories(remote, mirrorDirectory, projectDirectory))
    configured = true
  }
  const prepare = async (signal: AbortSignal): Promise<void> => {
    try {
      await configuring(signal, configure)
      await raw.prepare(signal)
    } catch (error) {
      throw localFailure('Preparing the mirror of the release repository', error)
    }
  }
  const mirror = { ...raw, prepare }
  const has = async (commit: string, signal: AbortSignal): Promise<boolean> => {
    await prepare(signal)
    try {
      return await raw.has(commit, signal)
    } catch (error) {
      throw localFailure('Looking into the mirror', error)
    }
  }
  const archives = createArchive({ cwd: mirrorDirectory, environment, limit, redact }, has)
  const checkouts = createCheckouts(stateDirectory, archives, { cwd: stateDirectory, environment, limit, redact })
  const tree = createWorkingTree({
    directory: projectDirectory, url: remote.url, mirrorDirectory, mirror, mirrorRepository,
    tree: openRepository(projectDirectory, treeEnvironment, limit, redact),
    treeWithMirror: openRepository(projectDirectory, { ...treeEnvironment, GIT_ALTERNATE_OBJECT_DIRECTORIES: quotedPath(join(mirrorDirectory, 'objects')) }, limit, redact),
    treeWithIndex: (path) => openRepository(projectDirectory, { ...treeEnvironment, GIT_INDEX_FILE: path }, limit, redact), log,
  })

  return {
    listTags: async (signal) => {
      await prepare(signal)
      return raw.listTags(signal)
    },
    fetch: async (tag, expected, signal) => {
      await prepare(signal)
      const commit = await raw.fetch(tag, expected, signal)
      log.info('fetched a release', { tag, commit, remote: remote.url })
      return commit
    },
    has,
    checkout: (commit, signal) => checkouts.checkout(commit, signal),
    describeTree: (signal) => tree.describe(signal),
    treeDistance: (commit, signal) => tree.distance(commit, signal),
    treeConflicts: (commit, signal) => tree.conflicts(commit, signal),
    bringTree: (commit, signal) => tree.bring(commit, signal),
    prune: (commits, signal) => checkouts.prune(commits, signal),
    archive: (commit, path, signal) => archives.archive(commit, path, signal),
  }
}

/** Both names under which git may ask about each directory: the working tree and the repository inside. */
function safeDirectories(remote: Remote, mirror: string, project: string): string[] {
  const paths = [mirror, project, ...(remote.path === null ? [] : [remote.path])]
  return [...new Set(paths.flatMap((path) => [path, realPathOf(path)]).flatMap((path) => [path, join(path, '.git')]))]
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path // It does not exist yet, or no more: git will say so.
  }
}

/** A list of paths separated by colons, in which a quoted one may hold colons. */
function quotedPath(path: string): string {
  return `"${path.replace(/[\\"]/g, String.raw`\$&`)}"`
}
