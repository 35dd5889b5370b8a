import { realpath } from 'node:fs/promises'
import { identityOf } from './remote.ts'
import type { Repository } from './repository.ts'

/** Why this is no place where git could tell of a working tree, or null if it is one. */
export async function whyNoTree(tree: Repository, directory: string, signal: AbortSignal): Promise<string | null> {
  const top = await tree.ask(['rev-parse', '--show-toplevel'], signal, 128)
  if (top === null) return 'it is no git working tree'
  return top.replace(/\n$/, '') === (await realpath(directory)) ? null : 'its repository belongs to another directory'
}

/**
 * Why a working tree with a commit is no clone of the release's repository, or null if it is one. It is one when any of its remotes is
 * the release's repository by host and path (whatever the transport), or when the two histories share a first commit:
 * a clone may come from a mirror or a fork. The project directory may be the release repository itself.
 */
export async function whyForeign(tree: Repository, directory: string, url: string, mirror: Repository, signal: AbortSignal): Promise<string | null> {
  if (await hasRemote(tree, directory, url, signal)) return null
  if (await shareRoot(tree, mirror, signal)) return null
  return 'it is a clone of another repository'
}

async function hasRemote(tree: Repository, directory: string, url: string, signal: AbortSignal): Promise<boolean> {
  const wanted = identityOf(url, directory)
  if (identityOf(directory, directory) === wanted) return true
  const listed = await tree.ask(['config', '--local', '-z', '--get-regexp', String.raw`^remote\..*\.url$`], signal)
  return (listed ?? '').split('\0').some((entry) => {
    const address = entry.slice(entry.indexOf('\n') + 1)
    return address !== '' && identityOf(address, directory) === wanted
  })
}

async function shareRoot(tree: Repository, mirror: Repository, signal: AbortSignal): Promise<boolean> {
  const [ours, theirs] = await Promise.all([
    mirror.run(['rev-list', '--max-parents=0', '--all'], signal),
    tree.run(['rev-list', '--max-parents=0', 'HEAD'], signal),
  ])
  const roots = new Set(ours.split('\n').filter((line) => line !== ''))
  return theirs.split('\n').some((line) => roots.has(line))
}
