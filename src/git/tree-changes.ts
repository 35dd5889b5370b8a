import { lstat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Repository } from './repository.ts'

/** What an unforced checkout of a commit would meet in a working tree. */
export interface Outlook {
  /** Paths with local changes that the checkout would have to overwrite. */
  readonly conflicts: readonly string[]
  /** Paths that have the commit's content already but are not in the index so: left by a checkout that was killed. */
  readonly already: readonly string[]
}

interface Change {
  readonly path: string
  readonly status: string
  readonly executable: boolean
  /** Object of the new content. */
  readonly object: string
}

/**
 * Compares the tree with the commit without touching it, and names everything in the way: git itself names only some,
 * and overwrites ignored files without a word.
 * @param tree sees the objects of the commit
 */
export async function lookAhead(tree: Repository, directory: string, commit: string, signal: AbortSignal): Promise<Outlook> {
  const changes = parseChanges(await tree.run(['diff-tree', '-r', '-z', '--no-renames', '--no-ext-diff', 'HEAD', commit], signal))
  const local = await localChanges(tree, signal)
  const removed = new Set(changes.filter((change) => change.status === 'D').map((change) => change.path))
  const suspects: Change[] = []
  const conflicts = new Set<string>()
  for (const change of changes) {
    const state = local.get(change.path)
    if (state !== undefined) {
      if (!isHarmless(state, change)) suspects.push(change)
    } else if (change.status === 'A') {
      const obstacle = await obstacleAt(tree, directory, change.path, removed, signal)
      if (obstacle === change.path) suspects.push(change)
      else if (obstacle !== null) conflicts.add(obstacle)
    }
  }
  const already: string[] = []
  for (const change of suspects) {
    if (await isAlready(tree, directory, change, signal)) already.push(change.path)
    else conflicts.add(change.path)
  }
  return { conflicts: [...conflicts].sort(), already }
}

/** Tracked paths that differ from HEAD, with git's two status letters (index, tree). */
export async function localChanges(tree: Repository, signal: AbortSignal): Promise<Map<string, string>> {
  const text = await tree.run(['status', '--porcelain=v1', '-z', '--untracked-files=no', '--no-renames', '--ignore-submodules=all'], signal)
  return new Map(text.split('\0').filter((entry) => entry !== '').map((entry) => [entry.slice(3), entry.slice(0, 2)]))
}

function parseChanges(raw: string): Change[] {
  const fields = raw.split('\0')
  const changes: Change[] = []
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [, mode = '', , object = '', status = ''] = (fields[index] ?? '').split(' ')
    changes.push({ path: fields[index + 1] ?? '', status, object, executable: mode === '100755' })
  }
  return changes
}

/** A file that is only missing in the tree is simply written again; one that both sides removed is gone. */
function isHarmless(state: string, change: Change): boolean {
  return state === ' D' || (change.status === 'D' && state.startsWith('D'))
}

/** What stands where a new file shall be: the path itself, a file in the place of one of its directories, or something inside. */
async function obstacleAt(tree: Repository, directory: string, path: string, removed: ReadonlySet<string>, signal: AbortSignal): Promise<string | null> {
  for (let parent = dirname(path); parent !== '.'; parent = dirname(parent)) {
    const found = await lstat(join(directory, parent)).catch(() => null)
    if (found !== null && !found.isDirectory() && !removed.has(parent)) return parent
  }
  const found = await lstat(join(directory, path)).catch(() => null)
  if (found === null) return null
  if (!found.isDirectory()) return path
  // Tracked files inside are removed by the commit itself; only what git does not know is in the way.
  const inside = await tree.run(['ls-files', '-z', '--others', '--', path], signal)
  return inside.split('\0')[0] || null
}

async function isAlready(tree: Repository, directory: string, change: Change, signal: AbortSignal): Promise<boolean> {
  if (change.status === 'D') return false
  const found = await lstat(join(directory, change.path)).catch(() => null)
  if (found === null || !found.isFile() || ((found.mode & 0o100) !== 0) !== change.executable) return false
  return (await tree.run(['hash-object', '--', change.path], signal)).trim() === change.object
}
