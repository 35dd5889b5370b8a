import { readdir, readlink, realpath } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import { UpdaterError } from '../rollout/errors.ts'
import { abortedBy } from './failure.ts'
import { syncPath } from '../files/sync-path.ts'

const atOnce = 16

/**
 * Looks over a freshly extracted tree before it counts: no symbolic link may lead out of it (compose and build read
 * through them, fault 40), and every file and directory is on the disk, so that a power cut leaves no empty file in a
 * release that exists.
 * @throws release_refused naming the link
 */
export async function settleTree(root: string, signal: AbortSignal): Promise<void> {
  const real = await realpath(root)
  const entries = await readdir(real, { recursive: true, withFileTypes: true })
  const paths: string[] = []
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isSymbolicLink()) await assertInside(real, path)
    else paths.push(path)
  }
  // Files before their directories, the root last.
  paths.reverse()
  for (let index = 0; index < paths.length; index += atOnce) {
    if (signal.aborted) throw abortedBy(signal, 'Writing the release to the disk')
    await Promise.all(paths.slice(index, index + atOnce).map(syncPath))
  }
  await syncPath(real)
}

async function assertInside(root: string, link: string): Promise<void> {
  const target = await readlink(link)
  const end = isAbsolute(target) ? target : await whereItLeads(`${dirname(link)}/${target}`)
  const way = relative(root, end)
  if (!isAbsolute(target) && way !== '..' && !way.startsWith(`..${sep}`)) return
  throw new UpdaterError('release_refused', `The release is refused: its symbolic link ${JSON.stringify(relative(root, link))} leads out of the release, to ${JSON.stringify(target)}.`)
}

/** Resolves like the kernel, not by the letters: `a/..` is elsewhere when `a` is a link. What is missing leads to where it would be looked for. */
async function whereItLeads(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    const parent = dirname(path)
    // A link to itself leads nowhere, also not outside.
    if (parent === path || (error instanceof Error && 'code' in error && error.code === 'ELOOP')) return dirname(path)
    return whereItLeads(parent)
  }
}
