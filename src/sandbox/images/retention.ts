import type { ImageStore } from './image-store.ts'

/**
 * Removes the images that nothing needs: no kept commit, no container in any state. Their tags go with them, and keep tags
 * and those of other releases go from images that stay.
 */
export async function pruneImages(store: ImageStore, commits: ReadonlySet<string>, usedByContainers: ReadonlySet<string>): Promise<void> {
  const tags = Object.entries(await store.tags())
  const shortCommits = new Set([...commits].map((commit) => commit.slice(0, 12)))
  const wanted = tags.filter(([reference]) => shortCommits.has(tagOf(reference)))
  const needed = new Set([...usedByContainers, ...wanted.map(([, id]) => id)])

  const gone = tags.filter(([reference, id]) => !needed.has(id) || (isOurs(reference) && !shortCommits.has(tagOf(reference))))
  await store.retag(Object.fromEntries(gone.map(([reference]) => [reference, null])))
  const images = await store.list()
  await Promise.all(images.filter(({ id }) => !needed.has(id)).map((image) => store.remove(image)))
}

/** Tags that the updater sets for a release or an operation; the moving ones belong to the compose file. */
function isOurs(reference: string): boolean {
  return /^(?:[0-9a-f]{12}|adopted-[0-9a-f]{4}|keep-.+)$/.test(tagOf(reference))
}

function tagOf(reference: string): string {
  return reference.slice(reference.lastIndexOf(':') + 1)
}
