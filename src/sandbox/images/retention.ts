import { UpdaterError, asSentence, sentenceOf } from '../../rollout/errors.ts'
import type { ImageStore } from './image-store.ts'

/**
 * Removes the images that nothing needs: no kept commit, no container in any state, no tag of the compose file or an operator.
 * The updater's own tags go with them, and keep tags and those of other releases go from images that stay.
 * @throws engine_failed at the end, when something could not be removed
 */
export async function pruneImages(store: ImageStore, commits: ReadonlySet<string>, usedByContainers: ReadonlySet<string>): Promise<void> {
  const tags = Object.entries(await store.tags())
  const shortCommits = new Set([...commits].map((commit) => commit.slice(0, 12)))
  const isGone = ([reference]: readonly [string, string]): boolean => isOurs(reference) && !shortCommits.has(tagOf(reference))
  const needed = new Set([...usedByContainers, ...tags.filter((tag) => !isGone(tag)).map(([, id]) => id)])

  const gone = tags.filter(isGone)
  await store.retag(Object.fromEntries(gone.map(([reference]) => [reference, null])))
  const images = await store.list()
  const removals = await Promise.allSettled(images.filter(({ id }) => !needed.has(id)).map((image) => store.remove(image)))
  const [first, ...others]: unknown[] = removals.flatMap((removal) => (removal.status === 'rejected' ? [removal.reason] : []))
  if (first === undefined) return
  const [count, reason] = others.length === 0 ? ['1 image', ''] : [`${others.length + 1} images`, '; the first reason']
  throw new UpdaterError('engine_failed', `${count} could not be removed${reason}: ${asSentence(sentenceOf(first))}`, { cause: first })
}

/** Tags that the updater sets for a release or an operation; the moving ones belong to the compose file, all others to an operator. */
function isOurs(reference: string): boolean {
  return /^(?:[0-9a-f]{12}|adopted-[0-9a-f]{4}|keep-[0-9a-f]{16})$/.test(tagOf(reference))
}

function tagOf(reference: string): string {
  return reference.slice(reference.lastIndexOf(':') + 1)
}
