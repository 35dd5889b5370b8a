import { createHash } from 'node:crypto'
import { type Mapping, isMapping, readList, readMapping, readNumber, readText, readTextMap, readTexts, refuseUnknownKeys } from '../shape.ts'

/** When a service's process is started again by itself. */
type RestartPolicy = 'no' | 'always' | 'unless-stopped' | 'on-failure'

/** How a service says that it is well: 2xx on this path of its container port. */
export interface HealthCheck {
  readonly port: number
  readonly path: string
  /** For so long after its start an unwell service counts as starting, ms. */
  readonly startPeriod: number
}

/** A service of a compose file as the sandbox runs it. Memory, CPU, mounts and networks of the file are not enforced. */
export interface SandboxService {
  readonly name: string
  /** Image without its tag. */
  readonly image: string
  /** The moving tag that the file names (`blue`, `green`, `current`). */
  readonly tag: string
  readonly environment: Readonly<Record<string, string>>
  readonly restart: RestartPolicy
  /** Commands that make the image, run one after the other in a copy of the release. */
  readonly build: readonly (readonly string[])[]
  readonly command: readonly string[]
  /** Container port → variable that tells the service its local port. */
  readonly ports: Readonly<Record<number, string>>
  readonly health: HealthCheck | null
}

const defaultStartPeriod = 10_000
const restartPolicies = ['no', 'always', 'unless-stopped', 'on-failure'] as const

/** @throws Error with a sentence that names the service and the key */
export function readSandboxService(name: string, definition: Mapping, variables: Readonly<Record<string, string>>): SandboxService {
  const where = `service ${name}`
  if (definition['x-sandbox'] === undefined) throw new Error(`${where} has no x-sandbox section: the sandbox does not know how to run it`)
  const sandbox = readMapping(definition['x-sandbox'], `${where}: x-sandbox`)
  refuseUnknownKeys(sandbox, ['build', 'command', 'ports', 'health', 'environment'], `${where}: x-sandbox`)
  const [image, tag] = splitReference(readText(definition['image'], `${where}: image`))
  const command = readTexts(sandbox['command'], `${where}: x-sandbox.command`)
  if (command.length === 0) throw new Error(`${where}: x-sandbox.command is empty`)
  return {
    name,
    image,
    tag,
    environment: {
      ...readEnvironment(definition['environment'], variables, `${where}: environment`),
      ...readEnvironment(sandbox['environment'], variables, `${where}: x-sandbox.environment`),
    },
    restart: readRestart(definition['restart'], where),
    build: readList(sandbox['build'] ?? [], `${where}: x-sandbox.build`).map((argv, index) => readTexts(argv, `${where}: x-sandbox.build[${index}]`)),
    command,
    ports: readPorts(sandbox['ports'], `${where}: x-sandbox.ports`),
    health: readHealth(sandbox['health'], `${where}: x-sandbox.health`),
  }
}

/** Changes whenever the same commit would give another image of this service. */
export function buildKey(service: SandboxService): string {
  return createHash('sha256').update(JSON.stringify([service.image, service.build])).digest('hex')
}

function splitReference(reference: string): [string, string] {
  const colon = reference.lastIndexOf(':')
  return colon > reference.lastIndexOf('/') ? [reference.slice(0, colon), reference.slice(colon + 1)] : [reference, 'latest']
}

/** Both forms that Compose knows; a name without a value takes it from the variables, and is left out when they have none. */
function readEnvironment(value: unknown, variables: Readonly<Record<string, string>>, where: string): Record<string, string> {
  if (value === undefined || value === null) return {}
  const entries: [string, unknown][] = isMapping(value) ? Object.entries(value) : readTexts(value, where).map(splitAssignment)
  const taken = entries.map(([key, entry]): [string, unknown] => [key, entry ?? variables[key]])
  return readTextMap(Object.fromEntries(taken.filter(([, entry]) => entry !== undefined)), where)
}

function splitAssignment(line: string): [string, string | null] {
  const equals = line.indexOf('=')
  return equals === -1 ? [line, null] : [line.slice(0, equals), line.slice(equals + 1)]
}

function readRestart(value: unknown, where: string): RestartPolicy {
  // YAML 1.1 habits: an unquoted `no` may arrive as false.
  const text = value === undefined || value === false ? 'no' : readText(value, `${where}: restart`)
  const policy = restartPolicies.find((known) => known === text || (known === 'on-failure' && text.startsWith('on-failure:')))
  if (policy === undefined) throw new Error(`${where}: restart is "${text}", which is none of ${restartPolicies.join(', ')}`)
  return policy
}

function readPorts(value: unknown, where: string): Record<number, string> {
  const entries = Object.entries(readTextMap(value ?? {}, where))
  return Object.fromEntries(entries.map(([port, variable]) => [readPort(port, where), variable]))
}

function readPort(text: string, where: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`${where}: "${text}" is no port`)
  return port
}

function readHealth(value: unknown, where: string): HealthCheck | null {
  if (value === undefined || value === null) return null
  const health = readMapping(value, where)
  refuseUnknownKeys(health, ['port', 'path', 'startPeriod'], where)
  return {
    port: readNumber(health['port'], `${where}.port`),
    path: readText(health['path'], `${where}.path`),
    startPeriod: readNumber(health['startPeriod'] ?? defaultStartPeriod, `${where}.startPeriod`),
  }
}
