import type { Adoption, Container, Release } from '../../rollout/model.ts'
import type { ComposeModel } from '../compose/model.ts'
import type { Engine } from '../engine.ts'
import { inspectContainer } from '../containers/list.ts'
import { revisionLabel, versionLabel } from '../labels.ts'
import { isAdopted, parseReference, releaseTag } from '../references.ts'
import { inspectImage } from './inspect.ts'
import type { ImageLabels } from './labels-of-images.ts'
import { managedImage } from './managed-image.ts'
import { repositoryOf, tagImage } from './tags.ts'

/** What the images of these containers say of themselves; only what all of them agree on. */
export async function identifyImages(images: ImageLabels, containers: readonly Container[], signal: AbortSignal): Promise<Adoption> {
  const labels = await Promise.all(containers.map(async ({ imageId }) => (await images.of(imageId, signal)) ?? {}))
  const commit = agreed(labels.map((labels) => labels[revisionLabel]))
  return {
    commit: commit !== null && /^[0-9a-f]{40}$/.test(commit) ? commit : null,
    version: agreed(labels.map((labels) => labels[versionLabel])),
  }
}

/** Gives the images of these containers the release's tag, under the names that the containers were created from. */
export async function tagAdopted(engine: Engine, release: Release, containers: readonly Container[], signal: AbortSignal): Promise<void> {
  for (const { id, imageId } of containers) {
    const createdFrom = (await inspectContainer(engine, id, signal))?.Config.Image ?? imageId
    await tagImage(engine, imageId, await repositoryOf(engine, createdFrom, imageId, signal), releaseTag(release.commit), signal)
  }
}

/**
 * The same under the names that the compose files have now: a project whose files named none, such as the predecessor's, got
 * them from Compose, and a way back is looked for by ours.
 */
export async function tagAsNamed(engine: Engine, model: ComposeModel, release: Release, containers: readonly Container[], signal: AbortSignal): Promise<void> {
  for (const { service, imageId } of containers) {
    const reference = parseReference(model.get(service)?.image ?? '')
    if (reference !== null) await tagImage(engine, imageId, reference.repository, releaseTag(release.commit), signal)
  }
}

/** What Compose would make these services of now, for want of a container. A commit of the repository names only what was built of it. */
export async function tagAbsent(engine: Engine, model: ComposeModel, release: Release, services: readonly string[], signal: AbortSignal): Promise<void> {
  if (!isAdopted(release.commit)) return
  for (const service of services) {
    const { repository, releaseReference, movingTag } = managedImage(model, release.commit, service)
    const image = await inspectImage(engine, `${repository}:${movingTag}`, signal)
    if (image === null || (await inspectImage(engine, releaseReference, signal)) !== null) continue
    await tagImage(engine, image.id, repository, releaseTag(release.commit), signal)
  }
}

function agreed(values: readonly (string | undefined)[]): string | null {
  const [first] = values
  return first !== undefined && first !== '' && values.every((value) => value === first) ? first : null
}
