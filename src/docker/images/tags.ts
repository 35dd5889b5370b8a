import { UpdaterError } from '../../rollout/errors.ts'
import type { Release } from '../../rollout/model.ts'
import type { ComposeModel } from '../compose/model.ts'
import type { Engine } from '../engine.ts'
import { unless } from '../engine-errors.ts'
import { keepTag, parseReference, releaseTag } from '../references.ts'
import { inspectImage } from './inspect.ts'
import { managedImage } from './managed-image.ts'

/** Services whose image of this release is not there. */
export async function missingImages(engine: Engine, model: ComposeModel, release: Release, services: readonly string[], signal: AbortSignal): Promise<string[]> {
  const there = await Promise.all(
    services.map(async (service) => (await inspectImage(engine, managedImage(model, release.commit, service).releaseReference, signal)) !== null),
  )
  return services.filter((_, index) => there[index] === false)
}

/** Services whose image of this release is there, and whose moving tag is at another one or nowhere. */
export async function mistagged(engine: Engine, model: ComposeModel, release: Release, services: readonly string[], signal: AbortSignal): Promise<string[]> {
  const astray = await Promise.all(
    services.map(async (service) => {
      const { repository, releaseReference, movingTag } = managedImage(model, release.commit, service)
      const [wanted, found] = await Promise.all([inspectImage(engine, releaseReference, signal), inspectImage(engine, `${repository}:${movingTag}`, signal)])
      return wanted !== null && found?.id !== wanted.id
    }),
  )
  return services.filter((_, index) => astray[index] === true)
}

/** Looks at all of them before the first tag is moved: tags and compose file go together or not at all. @throws image_missing */
export async function moveTags(engine: Engine, model: ComposeModel, release: Release, services: readonly string[], signal: AbortSignal): Promise<void> {
  const missing = await missingImages(engine, model, release, services, signal)
  if (missing.length > 0) {
    throw new UpdaterError('image_missing', `The images of ${release.tag} for ${missing.join(', ')} are not in the engine; build the release again.`, { details: { services: missing } })
  }
  await Promise.all(
    services.map(async (service) => {
      const { repository, releaseReference, movingTag } = managedImage(model, release.commit, service)
      await tagImage(engine, releaseReference, repository, movingTag, signal)
    }),
  )
}

/** An image that compose would pull, because its tag is not there. @throws image_missing */
export async function requirePinnedImages(engine: Engine, model: ComposeModel, release: Release, services: readonly string[], signal: AbortSignal): Promise<void> {
  const pinned = services.map((service) => managedImage(model, release.commit, service)).map(({ repository, movingTag }) => `${repository}:${movingTag}`)
  const found = await Promise.all(pinned.map((reference) => inspectImage(engine, reference, signal)))
  const missing = pinned.filter((_, index) => found[index] === null)
  if (missing.length > 0) {
    throw new UpdaterError('image_missing', `The images ${missing.join(', ')} are not in the engine, so nothing was started; apply the release again.`, { details: { images: missing } })
  }
}

/** @throws engine_failed when the container is gone or its image has no name */
export async function keepImage(engine: Engine, containerId: string, operation: string, signal: AbortSignal): Promise<void> {
  const container = await engine.call(`look at the container ${containerId.slice(0, 12)}`, signal, (docker, abortSignal) => docker.getContainer(containerId).inspect({ abortSignal }))
  const repository = await repositoryOf(engine, container.Config.Image, container.Image, signal)
  await tagImage(engine, container.Image, repository, keepTag(operation), signal)
}

/** The names by commit of what was kept under the operation's name; a name that is there stays where it is. */
export async function restoreKept(engine: Engine, model: ComposeModel, operation: string, release: Release, services: readonly string[], signal: AbortSignal): Promise<void> {
  const missing = await missingImages(engine, model, release, services, signal)
  await Promise.all(missing.map(async (service) => {
    const { repository } = managedImage(model, release.commit, service)
    const kept = `${repository}:${keepTag(operation)}`
    if ((await inspectImage(engine, kept, signal)) === null) return
    await tagImage(engine, kept, repository, releaseTag(release.commit), signal)
  }))
}

/** Repository under which a container's image is known: by the name it was created from, else by any that the image has. */
export async function repositoryOf(engine: Engine, createdFrom: string, imageId: string, signal: AbortSignal): Promise<string> {
  const names = createdFrom.startsWith('sha256:') ? [] : [createdFrom.replace(/@.*$/, '')]
  const tags = names.length > 0 ? names : ((await inspectImage(engine, imageId, signal))?.tags ?? [])
  const repository = tags.flatMap((name) => parseReference(name)?.repository ?? [])[0]
  if (repository === undefined) throw new UpdaterError('engine_failed', `The image ${imageId} has no name under which it could be kept; give its service an image name in the compose file.`)
  return repository
}

export async function tagImage(engine: Engine, source: string, repository: string, tag: string, signal: AbortSignal): Promise<void> {
  await engine.call(`tag ${source} as ${repository}:${tag}`, signal, (docker, abortSignal) => docker.getImage(source).tag({ repo: repository, tag, abortSignal }))
}

/** Removes one name; the image goes with its last one. One that is gone, or that a container still uses, is left. */
export async function untag(engine: Engine, reference: string, signal: AbortSignal): Promise<void> {
  await unless([404, 409], engine.call(`remove the image ${reference}`, signal, (docker, abortSignal) => docker.getImage(reference).remove({ abortSignal })))
}
