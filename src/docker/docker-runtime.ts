import { sentenceOf } from '../rollout/errors.ts'
import type { Container } from '../rollout/model.ts'
import type { ContainerRuntime } from '../rollout/ports.ts'
import { createCompose } from './compose/compose.ts'
import { createModels } from './compose/models.ts'
import { followContainers } from './containers/follow.ts'
import { removeContainer, startContainer, stopContainer } from './containers/end.ts'
import { inspectContainer, listContainers } from './containers/list.ts'
import { containerLogs } from './containers/logs.ts'
import { composeUp } from './containers/up.ts'
import { requireRoom } from './disk.ts'
import { connectEngine } from './engine.ts'
import { identifyImages, tagAbsent, tagAdopted, tagAsNamed } from './images/adopt.ts'
import { buildRelease } from './images/build-release.ts'
import { createImageLabels } from './images/labels-of-images.ts'
import { prune } from './images/prune.ts'
import { keepImage, mistagged, missingImages, moveTags, restoreKept } from './images/tags.ts'
import { preflight } from './preflight/preflight.ts'
import { parseReference } from './references.ts'
import { dockerDefaults } from './settings.ts'
import type { DockerRuntimeOptions, DockerSettings } from './settings.ts'
import { takeSnapshot } from './snapshot.ts'
import { abortReason } from './waiting.ts'

/**
 * Containers on a Docker engine: dockerode for everything but creating containers, which Docker Compose does from the
 * release's compose files. Nothing is loaded or connected before the first call.
 * @throws invalid_settings for an engine address that it cannot use
 */
export function createDockerRuntime(options: DockerRuntimeOptions): ContainerRuntime {
  const settings: DockerSettings = { ...dockerDefaults, ...options }
  const engine = connectEngine(settings.dockerHost, settings.engineCall)
  const compose = createCompose(settings)
  const models = createModels(settings, compose)
  const labels = createImageLabels(engine)
  const list = (services: readonly string[], signal: AbortSignal): Promise<Container[]> => listContainers(engine, labels, settings, services, signal)

  return {
    containers: list,
    follow: (services, onChange, signal) => followContainers(engine, settings.project, services, onChange, signal),
    preflight: (release, services, needBytes, signal) => preflight(engine, models, compose.environment, settings, release, services, needBytes, signal),
    build: async (release, services, onProgress, signal) => {
      const { model } = await models.of(release, signal)
      return await buildRelease(engine, settings, model, release, services, onProgress, signal)
    },
    missingImages: async (release, services, signal) => missingImages(engine, (await models.of(release, signal)).model, release, services, signal),
    mistagged: async (release, services, signal) => mistagged(engine, (await models.of(release, signal)).model, release, services, signal),
    tag: async (release, services, signal) => moveTags(engine, (await models.of(release, signal)).model, release, services, signal),
    up: async (release, services, signal) =>
      await composeUp(engine, compose, settings.project, await models.of(release, signal), release, services, (signal) => list(services, signal), signal),
    start: (id, signal) => startContainer(engine, id, signal),
    stop: (id, graceMs, signal) => stopContainer(engine, id, graceMs, settings.engineCall, signal),
    remove: (id, signal) => removeContainer(engine, id, signal),
    logs: (id, lines, signal) => containerLogs(engine, id, lines, signal),
    keepImage: async (containerId, operation, signal) => {
      await requireRoom(engine, signal)
      await keepImage(engine, containerId, operation, signal)
    },
    restoreKept: async (operation, release, services, signal) => restoreKept(engine, (await models.of(release, signal)).model, operation, release, services, signal),
    identify: (containers, signal) => identifyImages(labels, containers, signal),
    adopt: async (release, containers, absent, signal) => {
      await tagAdopted(engine, release, containers, signal)
      await takeSnapshot(settings, release.commit)
      try {
        const { model } = await models.of(release, signal)
        await tagAsNamed(engine, model, release, containers, signal)
        await tagAbsent(engine, model, release, absent, signal)
      } catch (error) {
        if (signal.aborted) throw abortReason(signal)
        settings.log.warn('what was found running is known by its own image names only', { reason: sentenceOf(error) })
      }
    },
    prune: async (commits, services, signal) =>
      await prune(engine, { project: settings.project, repositories: await repositoriesOf(services, signal), commits }, settings.buildCacheLimit, signal),
  }

  /** Image names that these services' containers were created from. */
  async function repositoriesOf(services: readonly string[], signal: AbortSignal): Promise<Set<string>> {
    const containers = await list(services, signal)
    const found = await Promise.all(containers.map(({ id }) => inspectContainer(engine, id, signal)))
    return new Set(found.flatMap((info) => parseReference(info?.Config.Image ?? '')?.repository ?? []))
  }
}
