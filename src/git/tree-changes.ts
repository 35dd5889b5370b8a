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
 * @param local what differs from HEAD already
 */
export async function lookAhead(tree: Repository, directory: string, commit: string, local: Standing['changes'], signal: AbortSignal): Promise<Outlook> {
  const changes = parseChanges(await tree.run(['diff-tree', '-r', '-z', '--no-renames', '--no-ext-diff', 'HEAD', commit], signal))
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

/** Where a working tree stands, in one answer of git's. */
export interface Standing {
  /** Null before the first one. */
  readonly commit: string | null
  /** Its branch, or `HEAD` when it is on none. */
  readonly ref: string
  /** Tracked paths that differ from HEAD, with git's two status letters (index, tree). */
  readonly changes: ReadonlyMap<string, string>
}

export async function standingOf(tree: Repository, signal: AbortSignal): Promise<Standing> {
  const text = await tree.run(['status', '--porcelain=v2', '--branch', '-z', '--untracked-files=no', '--no-renames', '--ignore-submodules=all'], signal)
  const entries = text.split('\0').filter((entry) => entry !== '')
  const told = (key: string): string => entries.find((entry) => entry.startsWith(`# branch.${key} `))?.slice(`# branch.${key} `.length) ?? ''
  const changes = entries.flatMap((entry) => changeOf(entry))
  const [commit, branch] = [told('oid'), told('head')]
  return { commit: commit === '(initial)' ? null : commit, ref: branch === '(detached)' ? 'HEAD' : branch, changes: new Map(changes) }
}

/** `1 XY sub mH mI mW hH hI path`, and for what is not merged `u XY sub m1 m2 m3 mW h1 h2 h3 path`; a dot stands for "unchanged". */
function changeOf(entry: string): [path: string, letters: string][] {
  const fields = { 1: 8, u: 10 }[entry[0] ?? '']
  if (fields === undefined) return []
  const parts = entry.split(' ')
  return [[parts.slice(fields).join(' '), (parts[1] ?? '').replaceAll('.', ' ')]]
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
