import { randomBytes } from 'node:crypto'
import { UpdaterError } from '../../rollout/errors.ts'
import type { Clock } from '../../rollout/ports.ts'
import type { SandboxService } from '../compose/sandbox-service.ts'
import type { HostTable } from '../host-table.ts'
import type { ImageStore, StoredImage } from '../images/image-store.ts'
import { oneAtATime } from '../../rollout/one-at-a-time.ts'
import { configurationOf, describeContainer } from './container-description.ts'
import type { ContainerShelf, ShelvedContainer } from './container-shelf.ts'
import { createContainer, startContainer } from './container-start.ts'
import { findFreePorts } from './free-ports.ts'

/** Creates and starts containers as Docker Compose and the engine would. */
export interface Starter {
  /** @returns ids of the services' containers, in their order. @throws compose_failed */
  up(services: readonly SandboxService[], signal: AbortSignal): Promise<string[]>
  /** Starts a stopped container as it is; one that runs is success. @throws engine_failed when it is gone */
  start(id: string, signal: AbortSignal): Promise<void>
}

export interface StarterParts {
  readonly images: ImageStore
  readonly shelf: ContainerShelf
  /** Brings the host table up to date and tells it. */
  readonly refreshHosts: () => Promise<HostTable>
  readonly supervisor: string
  readonly clock: Clock
}

export function createStarter({ images, shelf, refreshHosts, supervisor, clock }: StarterParts): Starter {
  // Ports and names are given out to one at a time.
  const inTurn = oneAtATime()

  const startAll = async (ids: readonly string[], signal: AbortSignal): Promise<void> => {
    const hosts = await refreshHosts()
    const all = await shelf.list()
    const taken = new Set(all.flatMap(({ description }) => description.ports.map(({ port }) => port)))
    const stopped = all.filter(({ description, found }) => ids.includes(description.id) && !isUp(found.state))
    await Promise.all(stopped.map(({ description, paths }) => startContainer(description, paths.directory, { hosts, supervisor, taken, clock }, signal)))
    await refreshHosts()
  }

  const create = async (service: SandboxService, image: StoredImage): Promise<string> => {
    const taken = new Set((await shelf.list()).flatMap(({ description }) => description.ports.map(({ port }) => port)))
    const wanted = Object.entries(service.ports)
    const free = await findFreePorts(wanted.length, taken)
    const ports = wanted.map(([containerPort, variable], index) => ({ containerPort: Number(containerPort), variable, port: free[index] ?? 0 }))
    const id = randomBytes(32).toString('hex')
    await createContainer(describeContainer(id, service, image, ports, new Date(clock.now()).toISOString()), shelf.pathsOf(id))
    return id
  }

  return {
    up: (services, signal) => inTurn(async () => {
      const existing = await shelf.list()
      const plans = await Promise.all(services.map((service) => planService(service, images, existing)))
      const ids: string[] = []
      for (const { service, image, same } of plans) ids.push(same ?? (await create(service, image)))
      await startAll(ids, signal)
      return ids
    }),
    start: (id, signal) => inTurn(async () => {
      if ((await shelf.get(id)) === null) throw new UpdaterError('engine_failed', `Container ${id.slice(0, 12)} is gone and cannot be started.`)
      await startAll([id], signal)
    }),
  }
}

/** What Compose would do about a service: leave or start the container that is the same; a different one is in the way. */
async function planService(service: SandboxService, images: ImageStore, existing: readonly ShelvedContainer[]): Promise<{ service: SandboxService; image: StoredImage; same: string | null }> {
  const image = await images.find(`${service.image}:${service.tag}`)
  if (image === null) throw new UpdaterError('compose_failed', `There is no image ${service.image}:${service.tag} for ${service.name}. Nothing was started.`)
  const [present, ...more] = existing.filter(({ description }) => description.service === service.name)
  if (present === undefined) return { service, image, same: null }
  if (more.length > 0 || present.description.configuration !== configurationOf(service, image)) {
    throw new UpdaterError('compose_failed', `The name ${service.name} is in use by container ${present.description.id.slice(0, 12)}: it has to be removed first. Nothing was started.`)
  }
  return { service, image, same: present.description.id }
}

function isUp(state: ShelvedContainer['found']['state']): boolean {
  return state === 'running' || state === 'restarting'
}
