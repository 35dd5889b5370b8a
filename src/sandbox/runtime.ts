import { join } from 'node:path'
import { type ErrorCode, UpdaterError, sentenceOf } from '../rollout/errors.ts'
import type { Adoption, Release } from '../rollout/model.ts'
import type { Clock, ContainerRuntime, Log } from '../rollout/ports.ts'
import type { SandboxService } from './compose/sandbox-service.ts'
import { createYamlParser } from './compose/yaml-parser.ts'
import { createContainerShelf } from './containers/container-shelf.ts'
import { toContainer } from './containers/container-state.ts'
import { stopContainer } from './containers/container-stop.ts'
import { followContainers } from './containers/follow.ts'
import { readLastLines } from './containers/last-lines.ts'
import { createStarter } from './containers/starter.ts'
import type { HostTable } from './host-table.ts'
import { hostTableOf, writeHostTable } from './host-table-writer.ts'
import { buildImages, buildNonce, reapBuilds } from './images/build-images.ts'
import { releaseTag } from './images/image-build.ts'
import { createImageStore } from './images/image-store.ts'
import { pruneImages } from './images/retention.ts'
import { oneAtATime } from '../rollout/one-at-a-time.ts'
import { refuseFullDisk, refuseUnsoundRelease } from './preflight.ts'
import { type ReleasePlaces, keepComposeFiles, readRelease, releaseDirectory } from './release-files.ts'

export interface SandboxOptions {
  /** Its own state: images, containers, host table. */
  readonly directory: string
  /** `releases/<commit>/` as the git adapter lays them out. */
  readonly releasesDirectory: string
  /** The operator's: `.env`, overrides, `PROJECT_DIR`. */
  readonly projectDirectory: string
  readonly composeFiles: readonly string[]
  /** The supervisor program (`src/sandbox/supervisor.ts`, bundled): a file that Node can run. */
  readonly supervisor: string
  /** Names that are no containers of this sandbox: the router's entry points, the updater. */
  readonly hosts: HostTable
  readonly log: Log
  readonly clock: Clock
}

/** File of the host table in the sandbox's directory; router and probes resolve service names with it. */
export function hostTablePath(directory: string): string {
  return join(directory, 'hosts.json')
}

/**
 * The container runtime of the sandbox: plain child processes that outlive the daemon, directories for images.
 * What an engine isolates is not isolated here: no memory or CPU limits, no mounts, no networks, no users.
 */
export function createSandboxRuntime(options: SandboxOptions): ContainerRuntime {
  const { directory, clock, log } = options
  const places: ReleasePlaces = { ...options, parse: createYamlParser() }
  const images = createImageStore(join(directory, 'images'))
  const shelf = createContainerShelf(join(directory, 'containers'))
  const nonce = buildNonce(directory)
  const hostsInTurn = oneAtATime()
  const refreshHosts = (): Promise<HostTable> => hostsInTurn(async () => {
    const table = hostTableOf(await shelf.list(), options.hosts)
    await writeHostTable(hostTablePath(directory), table)
    return table
  })
  const starter = createStarter({ images, shelf, refreshHosts, supervisor: options.supervisor, clock })

  const servicesOf = async (release: Release, names: readonly string[], code: ErrorCode): Promise<SandboxService[]> => {
    const project = await readRelease(places, release, code)
    return failingAs(code, `Release ${release.tag} cannot be used`, async () => {
      if (project.unset.required.length > 0) throw new Error(project.unset.required.join('; '))
      return names.map((name) => project.service(name))
    })
  }

  /** What Compose would make these services of now, for want of a container. */
  const adoptTagged = async (release: Release, names: readonly string[]): Promise<void> => {
    for (const { image, tag } of await servicesOf(release, names, 'engine_failed')) {
      const [tagged, named] = await Promise.all([images.find(`${image}:${tag}`), images.find(releaseTag(image, release.commit))])
      if (tagged !== null && named === null) await images.retag({ [releaseTag(image, release.commit)]: tagged.id })
    }
  }

  return {
    async containers(services, signal) {
      signal.throwIfAborted()
      return failingAs('engine_unreachable', 'The sandbox cannot be looked at', async () => {
        const found = (await shelf.list()).filter(({ description }) => services.includes(description.service))
        return Promise.all(found.map(({ description, found }) => toContainer(description, found, clock.now())))
      })
    },

    follow: (_services, onChange, signal) => failingAs('engine_failed', 'The sandbox cannot be followed', () => followContainers(join(directory, 'containers'), onChange, signal), signal),

    async preflight(release, services, needBytes, signal) {
      signal.throwIfAborted()
      await refuseUnsoundRelease(places, release, services)
      await refuseFullDisk(directory, needBytes)
    },

    async build(release, names, onProgress, signal) {
      signal.throwIfAborted()
      await reapBuilds(directory, nonce)
      const services = await servicesOf(release, names, 'build_failed')
      const source = await releaseDirectory(places, release.commit)
      return buildImages(images, { release, services, source, nonce, onProgress }, signal)
    },

    async missingImages(release, names, signal) {
      signal.throwIfAborted()
      const services = await servicesOf(release, names, 'engine_failed')
      const found = await Promise.all(services.map(({ image }) => images.find(releaseTag(image, release.commit))))
      return names.filter((_, index) => found[index] === null)
    },

    async mistagged(release, names, signal) {
      signal.throwIfAborted()
      const services = await servicesOf(release, names, 'engine_failed')
      const astray = await Promise.all(services.map(async ({ image, tag }) => {
        const [wanted, found] = await Promise.all([images.find(releaseTag(image, release.commit)), images.find(`${image}:${tag}`)])
        return wanted !== null && found?.id !== wanted.id
      }))
      return names.filter((_, index) => astray[index] === true)
    },

    async tag(release, names, signal) {
      signal.throwIfAborted()
      const moves = await Promise.all((await servicesOf(release, names, 'engine_failed')).map(async (service) => {
        const image = await images.find(releaseTag(service.image, release.commit))
        if (image === null) throw new UpdaterError('image_missing', `The image ${releaseTag(service.image, release.commit)} of ${service.name} is gone: apply the release again. No tag was moved.`)
        return [`${service.image}:${service.tag}`, image.id] as const
      }))
      await failingAs('engine_failed', 'The tags cannot be moved', () => images.retag(Object.fromEntries(moves)))
    },

    async up(release, names, signal) {
      signal.throwIfAborted()
      const services = await servicesOf(release, names, 'compose_failed')
      const ids = await failingAs('compose_failed', `Release ${release.tag} cannot be started`, () => starter.up(services, signal), signal)
      const started = (await shelf.list()).filter(({ description }) => ids.includes(description.id))
      return Promise.all(started.map(({ description, found }) => toContainer(description, found, clock.now())))
    },

    async start(id, signal) {
      signal.throwIfAborted()
      await failingAs('engine_failed', `Container ${id.slice(0, 12)} cannot be started`, () => starter.start(id, signal), signal)
    },

    async stop(id, graceMs, signal) {
      signal.throwIfAborted()
      await failingAs('engine_failed', `Container ${id.slice(0, 12)} cannot be stopped`, async () => {
        const container = await shelf.get(id)
        if (container === null) return
        await stopContainer(container.paths, id, graceMs, clock, signal)
        await refreshHosts()
      }, signal)
    },

    async remove(id, signal) {
      signal.throwIfAborted()
      await failingAs('engine_failed', `Container ${id.slice(0, 12)} cannot be removed`, async () => {
        await shelf.remove(id)
        await refreshHosts()
      })
    },

    async logs(id, lines, signal) {
      signal.throwIfAborted()
      return failingAs('engine_failed', 'The output cannot be read', () => readLastLines(shelf.pathsOf(id).log, lines))
    },

    async keepImage(containerId, operation, signal) {
      signal.throwIfAborted()
      const container = await shelf.get(containerId)
      if (container === null) throw new UpdaterError('engine_failed', `Container ${containerId.slice(0, 12)} is gone: its image cannot be kept.`)
      const { image, imageId } = container.description
      await failingAs('engine_failed', 'The image cannot be kept', () => images.retag({ [`${image}:keep-${operation}`]: imageId }))
    },

    async restoreKept(operation, release, names, signal) {
      signal.throwIfAborted()
      for (const { image } of await servicesOf(release, names, 'engine_failed')) {
        const kept = (await images.tags())[`${image}:keep-${operation}`]
        if (kept === undefined || (await images.find(releaseTag(image, release.commit))) !== null) continue
        await failingAs('engine_failed', 'What was kept cannot be named again', () => images.retag({ [releaseTag(image, release.commit)]: kept }))
      }
    },

    async identify(containers, signal): Promise<Adoption> {
      signal.throwIfAborted()
      const known = await failingAs('engine_failed', 'The images cannot be looked at', () => images.list())
      const found = containers.map(({ imageId }) => known.find(({ id }) => id === imageId))
      return { commit: commonOf(found.map((image) => image?.commit)), version: commonOf(found.map((image) => image?.version)) }
    },

    async adopt(release, containers, absent, signal) {
      signal.throwIfAborted()
      await failingAs('engine_failed', 'What runs cannot be adopted', async () => {
        const owned = (await shelf.list()).filter(({ description }) => containers.some(({ id }) => id === description.id))
        await keepComposeFiles(places, release.commit)
        await images.retag(Object.fromEntries(owned.map(({ description }) => [releaseTag(description.image, release.commit), description.imageId])))
      })
      // A commit of the repository names only what was built of it.
      if (release.commit.startsWith('adopted-')) {
        await adoptTagged(release, absent).catch((error: unknown) => log.warn('what has no container could not be adopted with what runs', { reason: sentenceOf(error) }))
      }
      log.info('what runs was adopted', { commit: release.commit })
    },

    async prune(commits, _services, signal) {
      signal.throwIfAborted()
      await failingAs('engine_failed', 'Old images cannot be removed', async () => {
        await reapBuilds(directory, nonce)
        await Promise.all([images.sweep(), shelf.sweep()])
        const used = (await shelf.list()).map(({ description }) => description.imageId)
        await pruneImages(images, commits, new Set(used))
      })
    },
  }
}

/** What nobody foresaw becomes a failure with a code; failures of ours and an abort pass as they are. */
async function failingAs<T>(code: ErrorCode, what: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof UpdaterError || signal?.aborted === true) throw error
    throw new UpdaterError(code, `${what}: ${sentenceOf(error)}.`, { cause: error })
  }
}

function commonOf(values: readonly (string | undefined)[]): string | null {
  const [first] = values
  return first !== undefined && values.every((value) => value === first) ? first : null
}
