import type { KeepSet } from '../../rollout/model.ts'
import type { ImageStore } from './image-store.ts'

/**
 * Removes the images that nothing needs: no kept commit, no open operation, no container in any state. Their tags go
 * with them, and release and keep tags outside the set go from images that stay.
 */
export async function pruneImages(store: ImageStore, keep: KeepSet, usedByContainers: ReadonlySet<string>): Promise<void> {
  const tags = Object.entries(await store.tags())
  const shortCommits = new Set([...keep.commits].map((commit) => commit.slice(0, 12)))
  const wanted = tags.filter(([reference]) => isWanted(reference, shortCommits, keep.operations))
  const needed = new Set([...usedByContainers, ...wanted.map(([, id]) => id)])

  const gone = tags.filter(([reference, id]) => !needed.has(id) || (isOurs(reference) && !isWanted(reference, shortCommits, keep.operations)))
  await store.retag(Object.fromEntries(gone.map(([reference]) => [reference, null])))
  const images = await store.list()
  await Promise.all(images.filter(({ id }) => !needed.has(id)).map((image) => store.remove(image)))
}

function isWanted(reference: string, shortCommits: ReadonlySet<string>, operations: ReadonlySet<string>): boolean {
  const tag = tagOf(reference)
  return shortCommits.has(tag) || (tag.startsWith('keep-') && operations.has(tag.slice('keep-'.length)))
}

/** Tags that the updater sets for a release or an operation; the moving ones belong to the compose file. */
function isOurs(reference: string): boolean {
  return /^(?:[0-9a-f]{12}|adopted-[0-9a-f]{4}|keep-.+)$/.test(tagOf(reference))
}

function tagOf(reference: string): string {
  return reference.slice(reference.lastIndexOf(':') + 1)
}
