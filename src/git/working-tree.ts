import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { UpdaterError } from '../rollout/errors.ts'
import type { TreeDistance, TreeState } from '../rollout/model.ts'
import type { Log } from '../rollout/ports.ts'
import { CommandFailed, localFailure } from './failure.ts'
import { holdIndex } from './held-index.ts'
import type { HeldIndex } from './held-index.ts'
import { isCommitId, releaseRef } from './mirror.ts'
import type { Mirror } from './mirror.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { giveBack } from './ownership.ts'
import type { Repository } from './repository.ts'
import { lookAhead, standingOf, type Standing } from './tree-changes.ts'
import { whyForeign, whyNoTree } from './tree-identity.ts'

/** The operator's working tree. */
export interface WorkingTree {
  describe(signal: AbortSignal): Promise<TreeState>
  distance(commit: string, signal: AbortSignal): Promise<TreeDistance | null>
  conflicts(commit: string, signal: AbortSignal): Promise<string[]>
  bring(commit: string, signal: AbortSignal): Promise<void>
}

/** What the tree's methods work with. */
export interface TreeParts {
  readonly directory: string
  readonly url: string
  readonly mirrorDirectory: string
  readonly mirror: Mirror
  readonly mirrorRepository: Repository
  /** The tree as it is. */
  readonly tree: Repository
  /** The tree with the mirror's objects in view: nothing is copied to look at a commit. */
  readonly treeWithMirror: Repository
  /** The tree with this file for its index. */
  readonly treeWithIndex: (path: string) => Repository
  readonly log: Log
}

/** As `TreeState`, with what the look ahead of a checkout needs besides. */
type Clone = { readonly kind: 'clone' } & Standing & { readonly commit: string }
type Found = Clone | (TreeState & { readonly kind: 'foreign' })

export function createWorkingTree(parts: TreeParts): WorkingTree {
  const { directory, tree, treeWithMirror, mirror, log } = parts
  const bringing = oneAtATime()

  const look = async (signal: AbortSignal): Promise<Found> => {
    if (!(await exists(directory))) return foreign('there is no such directory')
    await mirror.prepare(signal)
    const noTree = await whyNoTree(tree, directory, signal)
    if (noTree !== null) return foreign(noTree)
    const { commit, ref, changes } = await standingOf(tree, signal)
    if (commit === null) return foreign('it has no commit yet')
    const reason = await whyForeign(tree, directory, parts.url, parts.mirrorRepository, signal)
    return reason === null ? { kind: 'clone', commit, ref, changes } : foreign(reason)
  }

  const describe = async (signal: AbortSignal): Promise<TreeState> => {
    const found = await look(signal)
    if (found.kind === 'foreign') return found
    const { kind, commit, ref, changes } = found
    return { kind, commit, ref, clean: changes.size === 0 }
  }

  const known = async (commit: string, signal: AbortSignal): Promise<void> => {
    if (await mirror.has(commit, signal)) return
    throw new UpdaterError('unknown_commit', `The mirror holds no commit ${commit}.`)
  }

  const move = async (index: HeldIndex, commit: string, before: Clone, signal: AbortSignal): Promise<void> => {
    const { conflicts, already } = await lookAhead(treeWithMirror, directory, commit, before.changes, signal)
    if (conflicts.length > 0) throw inTheWay(directory, commit, conflicts)
    await tree.run(['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance', '--no-recurse-submodules', '--', parts.mirrorDirectory, releaseRef(commit)], signal)
    const where = (await staysOnBranch(tree, before, commit, signal)) ? ['--no-track', '-B', before.ref] : ['--detach']
    await index.work(commit, async (copy) => {
      const held = parts.treeWithIndex(copy)
      if (already.length > 0) await held.run(['update-index', '--add', '--', ...already], signal)
      await checkOut(held, directory, commit, where, signal)
    })
    log.info('brought the working tree to the release', { directory, commit, ref: where.at(-1) })
  }

  const bring = async (commit: string, signal: AbortSignal): Promise<void> => {
    const before = await look(signal)
    if (before.kind === 'foreign') {
      log.info('left the project directory as it is', { directory, reason: before.reason })
      return
    }
    await known(commit, signal)
    const index = await indexOf(tree, directory, signal)
    if (await index.settle()) return bring(commit, signal)
    try {
      if (before.commit !== commit) await move(index, commit, before, signal)
    } finally {
      await giveBack(tree, directory, before.commit, commit, signal)
    }
  }

  return {
    describe: (signal) => local('Looking at the project directory', () => describe(signal)),
    distance: (commit, signal) => local('Comparing the project directory with the release', async () => {
      if ((await describe(signal)).kind === 'foreign' || !(await mirror.has(commit, signal))) return null
      const [ahead, behind] = (await treeWithMirror.run(['rev-list', '--left-right', '--count', `HEAD...${commit}`], signal)).trim().split('\t')
      return { ahead: Number(ahead), behind: Number(behind) }
    }),
    conflicts: (commit, signal) => local('Comparing the project directory with the release', async () => {
      if (!isCommitId(commit)) return []
      const found = await look(signal)
      if (found.kind === 'foreign') return []
      await known(commit, signal)
      return [...(await lookAhead(treeWithMirror, directory, commit, found.changes, signal)).conflicts]
    }),
    bring: (commit, signal) => local('Bringing the project directory to the release', async () => {
      // What was adopted is in no repository: there is nothing to bring.
      if (isCommitId(commit)) await bringing(signal, () => bring(commit, signal))
    }),
  }
}

/**
 * Where the tree stands afterwards. On a branch that merely moves forward, the operator stays on it, so that `git pull`
 * goes on from there. In every other case (a rollback, commits of their own, a release off the branch they follow) HEAD
 * is detached and the branch left alone: `git checkout <branch>` is the way back to it.
 */
async function staysOnBranch(tree: Repository, before: Clone, commit: string, signal: AbortSignal): Promise<boolean> {
  if (before.ref === 'HEAD') return false
  const isAncestor = async (a: string, b: string): Promise<boolean> => (await tree.ask(['merge-base', '--is-ancestor', a, b], signal)) !== null
  if (!(await isAncestor(before.commit, commit))) return false
  const upstream = (await tree.run(['for-each-ref', '--format=%(upstream)', `refs/heads/${before.ref}`], signal)).trim()
  if (upstream === '' || (await tree.ask(['rev-parse', '--verify', '--quiet', `${upstream}^{commit}`], signal)) === null) return true
  return (await isAncestor(commit, upstream)) || (await isAncestor(upstream, commit))
}

async function checkOut(tree: Repository, directory: string, commit: string, where: readonly string[], signal: AbortSignal): Promise<void> {
  try {
    await tree.run(['checkout', '--quiet', '--no-overwrite-ignore', '--no-recurse-submodules', ...where, commit], signal)
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    throw new UpdaterError('tree_conflict', `The project directory ${directory} could not be brought to ${commit}: ${error.message}. The release serves; bring the directory there by hand with git.`, { cause: error })
  }
}

async function indexOf(tree: Repository, directory: string, signal: AbortSignal): Promise<HeldIndex> {
  const index = resolve(directory, (await tree.run(['rev-parse', '--git-path', 'index'], signal)).replace(/\n$/, ''))
  // Asked also when our caller has stopped waiting: the index is let go of in any case, within the limit of one command.
  const head = async (): Promise<string | null> => (await tree.ask(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], new AbortController().signal))?.trim() ?? null
  return holdIndex({ directory, index, head })
}

function foreign(reason: string): TreeState & { readonly kind: 'foreign' } {
  return { kind: 'foreign', reason }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null
}

function inTheWay(directory: string, commit: string, paths: readonly string[]): UpdaterError {
  const shown = paths.slice(0, 10).join(', ') + (paths.length > 10 ? ` and ${paths.length - 10} more` : '')
  return new UpdaterError('tree_conflict', `The project directory ${directory} has local changes that the checkout of ${commit} would overwrite: ${shown}. Commit, move or undo them.`, { details: { paths: [...paths] } })
}

async function local<T>(doing: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw localFailure(doing, error)
  }
}
