import { lchown, lstat, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Repository } from './repository.ts'

/**
 * Gives what we wrote into the operator's tree and its repository to the owner of the tree. The updater runs as root
 * in its container; without this the operator's next `git pull` would fail on files that are root's.
 */
export async function giveBack(tree: Repository, directory: string, from: string, to: string, signal: AbortSignal): Promise<void> {
  if (process.getuid?.() !== 0) return
  const owner = await lstat(directory)
  if (owner.uid === 0) return
  const give = async (path: string): Promise<void> => {
    const found = await lstat(path).catch(() => null)
    if (found?.uid === 0) await lchown(path, owner.uid, owner.gid)
  }
  const repository = (await tree.run(['rev-parse', '--absolute-git-dir'], signal)).replace(/\n$/, '')
  for (const entry of await readdir(repository, { recursive: true, withFileTypes: true })) await give(join(entry.parentPath, entry.name))
  if (from === to) return
  const changed = await tree.ask(['diff-tree', '-r', '-z', '--name-only', '--no-renames', from, to], signal, 128)
  const paths = new Set((changed ?? '').split('\0').filter((path) => path !== ''))
  for (const path of paths) {
    await give(join(directory, path))
    for (let parent = dirname(path); parent !== '.'; parent = dirname(parent)) await give(join(directory, parent))
  }
}
