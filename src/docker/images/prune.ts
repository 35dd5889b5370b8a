import type { ImageInfo } from 'dockerode'
import { UpdaterError, sentenceOf } from '../../rollout/errors.ts'
import type { Engine } from '../engine.ts'
import { imageLabel, projectLabel, revisionLabel } from '../labels.ts'
import { isAdopted, isReleaseTag, operationOf, parseReference, releaseTag } from '../references.ts'
import { abortReason } from '../waiting.ts'
import { untag } from './tags.ts'

export interface Pruning {
  readonly project: string
  /** Image names that the managed services' containers were created from. */
  readonly repositories: ReadonlySet<string>
  /** Of the releases that stay. */
  readonly commits: ReadonlySet<string>
}

/**
 * Removes what is ours and not kept, each on its own, and build cache over its limit.
 * @param buildCacheLimit bytes; null leaves the cache alone
 * @throws engine_failed at the end, when something could not be removed
 */
export async function prune(engine: Engine, pruning: Pruning, buildCacheLimit: number | null, signal: AbortSignal): Promise<void> {
  const images = await engine.call('list the images', signal, (docker, abortSignal) => docker.listImages({ abortSignal }))
  const stuck: unknown[] = []
  for (const reference of images.flatMap((image) => doomed(image, pruning))) {
    stuck.push(...(await failureOf(untag(engine, reference, signal), signal)))
  }
  const cache = buildCacheLimit === null ? [] : await failureOf(pruneBuildCache(engine, buildCacheLimit, signal), signal)
  const [first, ...others] = [...stuck, ...cache]
  if (first === undefined) return
  const what = [...(stuck.length > 0 ? [stuck.length === 1 ? '1 image' : `${stuck.length} images`] : []), ...cache.map(() => 'build cache')].join(' and ')
  throw new UpdaterError('engine_failed', `${what} could not be removed${others.length > 0 ? '; the first reason' : ''}: ${sentenceOf(first)}`, { cause: first, details: { reasons: [first, ...others].map(sentenceOf) } })
}

/** None where it succeeded. @throws the signal's reason */
async function failureOf(work: Promise<void>, signal: AbortSignal): Promise<readonly unknown[]> {
  try {
    await work
    return []
  } catch (error) {
    if (signal.aborted) throw abortReason(signal)
    return [error]
  }
}

/** The least recently used goes first. @throws as the engine does */
async function pruneBuildCache(engine: Engine, limit: number, signal: AbortSignal): Promise<void> {
  await engine.call('remove build cache', signal, (docker, abortSignal) =>
    // dockerode's own call drops the limit.
    new Promise<void>((resolve, reject) => {
      docker.modem.dial(
        { path: '/build/prune?', method: 'POST', options: { _query: { all: true, 'keep-storage': limit }, _body: {} }, abortSignal, statusCodes: { 200: true, 500: 'server error' } },
        (error: unknown) => (error instanceof Error ? reject(error) : resolve()),
      )
    }),
  )
}

/** Names under which an image is to go; its id where it has none and is ours. */
export function doomed(image: Pick<ImageInfo, 'Id' | 'RepoTags' | 'Labels'>, pruning: Pruning): string[] {
  // An image without a tag carries null or `<none>:<none>`, one without a label null, whatever the types say.
  const tags: readonly string[] | null | undefined = image.RepoTags
  const labels: Readonly<Record<string, string>> | null | undefined = image.Labels
  const names = (tags ?? []).filter((name) => !name.startsWith('<none>'))
  const project = labels?.[projectLabel]
  if (project !== undefined && project !== pruning.project) return [] // another updater's, whatever its names
  const made = { isOurs: project !== undefined, as: labels?.[imageLabel] ?? null, revision: labels?.[revisionLabel] ?? null }
  if (names.length === 0) return made.isOurs ? [image.Id] : []
  return names.filter((name) => isDoomed(name, made, pruning))
}

/** What an image's labels say of where it comes from. */
interface Made {
  readonly isOurs: boolean
  readonly as: string | null
  readonly revision: string | null
}

function isDoomed(name: string, { isOurs, as, revision }: Made, { repositories, commits }: Pruning): boolean {
  const reference = parseReference(name)
  if (reference === null || !(repositories.has(reference.repository) || (isOurs && as === reference.repository))) return false
  if (operationOf(reference.tag) !== null) return true
  if (!isReleaseTag(reference.tag)) return false // a moving tag, or an operator's own
  const kept = [...commits].some((commit) => releaseTag(commit) === reference.tag)
  const isMadeByUs = isOurs || isAdopted(reference.tag) || (revision?.startsWith(reference.tag) ?? false)
  return isMadeByUs && !kept
}
