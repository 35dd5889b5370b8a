import type { BuildProgress, BuildReport, Release } from '../../rollout/model.ts'
import { UpdaterError } from '../../rollout/errors.ts'
import type { ComposeModel } from '../compose/model.ts'
import { freeSpace } from '../disk.ts'
import type { Engine } from '../engine.ts'
import { keyLabel, projectLabel } from '../labels.ts'
import type { DockerSettings } from '../settings.ts'
import { isSnapshot } from '../snapshot-mark.ts'
import { buildImage } from './build-image.ts'
import { inspectImage } from './inspect.ts'
import type { ImageFacts } from './inspect.ts'
import { missingImages } from './tags.ts'
import { planBuilds } from './plan.ts'
import type { ImageBuild } from './plan.ts'

/** Makes what is not there yet, side by side; the first failure ends the others, and nothing runs on after it. */
export async function buildRelease(
  engine: Engine, settings: DockerSettings, model: ComposeModel, release: Release, services: readonly string[],
  onProgress: (progress: BuildProgress) => void, signal: AbortSignal,
): Promise<BuildReport> {
  if (await isSnapshot(settings.releasesDirectory, release.commit)) return await requireAdopted(engine, model, release, services, signal)
  const plans = planBuilds(settings, model, release, services)
  const there = await Promise.all(plans.map((plan) => isBuilt(engine, plan, signal)))
  const wanted = plans.filter((_, index) => there[index] === false)
  if (wanted.length === 0) return { bytes: 0, built: [] }

  const before = await freeSpace(engine, signal)
  const images = await sideBySide(wanted, signal, (plan, signal) => buildImage(engine, settings, release.commit, plan, onProgress, signal))
  const after = before === null ? null : await freeSpace(engine, signal)
  return { bytes: spaceTaken(before?.bytes ?? null, after?.bytes ?? null, images), built: wanted.flatMap((plan) => plan.services) }
}

/** Another project's under the same name does not count: that project's updater would remove it. */
async function isBuilt(engine: Engine, plan: ImageBuild, signal: AbortSignal): Promise<boolean> {
  const labels = (await inspectImage(engine, plan.reference, signal))?.labels
  return labels?.[keyLabel] === plan.key && labels[projectLabel] === plan.labels[projectLabel]
}

/** What was found running has no sources: its images are there or it cannot come back. */
async function requireAdopted(engine: Engine, model: ComposeModel, release: Release, services: readonly string[], signal: AbortSignal): Promise<BuildReport> {
  const missing = await missingImages(engine, model, release, services, signal)
  if (missing.length === 0) return { bytes: 0, built: [] }
  throw new UpdaterError('image_missing', `The images of what was found running are gone for ${missing.join(', ')}, and there are no sources to build them from; apply a release instead.`, { details: { services: missing } })
}

/** Waits for all of them to end, also after a failure: an image that appears later would contradict the error. */
async function sideBySide<T, R>(items: readonly T[], signal: AbortSignal, work: (item: T, signal: AbortSignal) => Promise<R>): Promise<R[]> {
  const failure = new AbortController()
  const either = AbortSignal.any([signal, failure.signal])
  let first: { readonly error: unknown } | undefined
  const results = await Promise.all(
    items.map(async (item) => {
      try {
        return [await work(item, either)]
      } catch (error) {
        first ??= { error }
        failure.abort(new UpdaterError('cancelled', 'Another build of this release failed.'))
        return []
      }
    }),
  )
  if (first !== undefined) throw first.error
  return results.flat()
}

/**
 * What the disk says, since images share layers, but no more than the images have: others write to that disk as well.
 * Where the disk says nothing of use, all that the images have.
 */
function spaceTaken(before: number | null, after: number | null, images: readonly ImageFacts[]): number {
  const size = images.reduce((sum, { size }) => sum + size, 0)
  return before !== null && after !== null && after < before ? Math.min(before - after, size) : size
}
