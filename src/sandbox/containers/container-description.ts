import { createHash } from 'node:crypto'
import { type HealthCheck, type SandboxService } from '../compose/sandbox-service.ts'
import type { StoredImage } from '../images/image-store.ts'
import { readMapping, readNumber, readText, readTextMap, readTexts } from '../shape.ts'
import { readJson } from '../whole-file.ts'
import { type ContainerPaths, type PortBinding, readPortBindings } from './container-files.ts'

/** What a container is; written before anything of it runs, and again only when a start gives it other ports. */
export interface ContainerDescription {
  readonly id: string
  readonly service: string
  readonly imageId: string
  readonly image: string
  readonly commit: string
  /** Equal for containers that Compose would not recreate. */
  readonly configuration: string
  readonly argv: readonly string[]
  /** The image's directory. */
  readonly cwd: string
  /** As the compose file says, before service names and ports are put in. */
  readonly environment: Readonly<Record<string, string>>
  readonly restart: 'never' | 'always' | 'on-failure'
  readonly ports: readonly PortBinding[]
  readonly health: HealthCheck | null
  /** ISO 8601 UTC. */
  readonly createdAt: string
}

/** A container of this service and image that does not exist yet. */
export function describeContainer(id: string, service: SandboxService, image: StoredImage, ports: readonly PortBinding[], createdAt: string): ContainerDescription {
  return {
    id,
    service: service.name,
    imageId: image.id,
    image: service.image,
    commit: image.commit,
    configuration: configurationOf(service, image),
    argv: service.command,
    cwd: image.root,
    environment: service.environment,
    restart: service.restart === 'no' ? 'never' : service.restart === 'on-failure' ? 'on-failure' : 'always',
    ports,
    health: service.health,
    createdAt,
  }
}

/** Everything that a container is made of. */
export function configurationOf(service: SandboxService, image: StoredImage): string {
  const parts = [image.id, service.command, Object.entries(service.environment).sort(([a], [b]) => a.localeCompare(b)), service.restart, service.ports, service.health]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

/** Null for a container that is gone. @throws Error when it is malformed */
export async function readDescription(paths: ContainerPaths): Promise<ContainerDescription | null> {
  const json = await readJson(paths.description)
  if (json === null) return null
  const map = readMapping(json, paths.description)
  const restart = readText(map['restart'], 'restart')
  if (restart !== 'never' && restart !== 'always' && restart !== 'on-failure') throw new Error(`${paths.description}: restart is "${restart}"`)
  return {
    id: readText(map['id'], 'id'),
    service: readText(map['service'], 'service'),
    imageId: readText(map['imageId'], 'imageId'),
    image: readText(map['image'], 'image'),
    commit: readText(map['commit'], 'commit'),
    configuration: readText(map['configuration'], 'configuration'),
    argv: readTexts(map['argv'], 'argv'),
    cwd: readText(map['cwd'], 'cwd'),
    environment: readTextMap(map['environment'], 'environment'),
    restart,
    ports: readPortBindings(map['ports'], 'ports'),
    health: readHealthCheck(map['health']),
    createdAt: readText(map['createdAt'], 'createdAt'),
  }
}

function readHealthCheck(value: unknown): HealthCheck | null {
  if (value === null) return null
  const health = readMapping(value, 'health')
  return { port: readNumber(health['port'], 'health.port'), path: readText(health['path'], 'health.path'), startPeriod: readNumber(health['startPeriod'], 'health.startPeriod') }
}
