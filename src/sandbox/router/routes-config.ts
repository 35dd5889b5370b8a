import { parse } from 'yaml'
import { type Mapping, readList, readMapping, readNumber, readText, readTextMap, readTexts, refuseUnknownKeys } from '../shape.ts'
import { readDuration } from './duration.ts'
import { readPathPrefix } from './path-prefix.ts'

/** A router of the routes file. */
export interface RouterConfig {
  readonly entryPoints: readonly string[]
  readonly prefix: string
  /** Higher is asked first; by default the length of the rule. */
  readonly priority: number
  readonly middlewares: readonly string[]
  readonly service: string
}

export type MiddlewareConfig =
  | { readonly kind: 'responseHeaders'; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'stripPrefix'; readonly prefixes: readonly string[] }
  /** `attempts` counts the first one; only a refused dial is repeated. */
  | { readonly kind: 'retry'; readonly attempts: number }

type ServiceConfig =
  | { readonly kind: 'servers'; readonly urls: readonly URL[]; readonly transport: string | null }
  | { readonly kind: 'weighted'; readonly services: readonly { readonly name: string; readonly weight: number }[] }

/** How connections to backends are made and kept. */
export interface TransportConfig {
  readonly dialTimeout: number
  readonly idleTimeout: number
  readonly maxIdlePerHost: number
}

/** A routes file, whole. */
export interface RoutesConfig {
  readonly routers: Readonly<Record<string, RouterConfig>>
  readonly middlewares: Readonly<Record<string, MiddlewareConfig>>
  readonly services: Readonly<Record<string, ServiceConfig>>
  readonly transports: Readonly<Record<string, TransportConfig>>
}

/** Traefik's own defaults. */
export const defaultTransport: TransportConfig = { dialTimeout: 30_000, idleTimeout: 90_000, maxIdlePerHost: 200 }

/**
 * Reads a routes file as Traefik's file provider does, as far as the sandbox's router knows it: an unknown key is an
 * error, nothing at all is an empty configuration (facts: an empty or comments-only file drops all routes).
 * @throws Error with the place
 */
export function readRoutesConfig(text: string): RoutesConfig {
  // Traefik would run it through its templates.
  if (text.includes('{{')) throw new Error('templates are not supported')
  const root: Mapping = readMapping(parse(text) ?? {}, 'the file')
  refuseUnknownKeys(root, ['http'], 'the file')
  const http = readSection(root, 'http')
  refuseUnknownKeys(http, ['routers', 'middlewares', 'services', 'serversTransports'], 'http')
  return {
    routers: readNamed(http, 'routers', readRouter),
    middlewares: readNamed(http, 'middlewares', readMiddleware),
    services: readNamed(http, 'services', readService),
    transports: readNamed(http, 'serversTransports', readTransport),
  }
}

/** A section without a value is absent; `{}` is an error, as Traefik has it ("cannot be a standalone element"). */
function readSection(parent: Mapping, name: string): Mapping {
  if (parent[name] === undefined || parent[name] === null) return {}
  const section = readMapping(parent[name], name)
  if (Object.keys(section).length === 0) throw new Error(`${name} cannot be a standalone element`)
  return section
}

function readNamed<T>(http: Mapping, name: string, read: (map: Mapping, where: string) => T): Record<string, T> {
  const entries = Object.entries(readSection(http, name))
  return Object.fromEntries(entries.map(([key, value]) => [key, read(readMapping(value, `${name}.${key}`), `${name}.${key}`)]))
}

function readRouter(map: Mapping, where: string): RouterConfig {
  refuseUnknownKeys(map, ['entryPoints', 'rule', 'service', 'middlewares', 'priority'], where)
  const rule = readText(map['rule'], `${where}.rule`)
  const priority = readNumber(map['priority'] ?? 0, `${where}.priority`)
  return {
    entryPoints: readTexts(map['entryPoints'], `${where}.entryPoints`),
    prefix: readPathPrefix(rule, `${where}.rule`),
    priority: priority === 0 ? rule.length : priority,
    middlewares: readTexts(map['middlewares'] ?? [], `${where}.middlewares`),
    service: readText(map['service'], `${where}.service`),
  }
}

function readMiddleware(map: Mapping, where: string): MiddlewareConfig {
  refuseUnknownKeys(map, ['headers', 'stripPrefix', 'retry'], where)
  const [kind, ...more] = Object.keys(map)
  if (kind === undefined || more.length > 0) throw new Error(`${where} must be one middleware`)
  const settings = readMapping(map[kind], `${where}.${kind}`)
  if (kind === 'headers') {
    refuseUnknownKeys(settings, ['customResponseHeaders'], `${where}.headers`)
    return { kind: 'responseHeaders', headers: readTextMap(settings['customResponseHeaders'] ?? {}, `${where}.headers.customResponseHeaders`) }
  }
  if (kind === 'stripPrefix') {
    refuseUnknownKeys(settings, ['prefixes'], `${where}.stripPrefix`)
    return { kind, prefixes: readTexts(settings['prefixes'], `${where}.stripPrefix.prefixes`) }
  }
  refuseUnknownKeys(settings, ['attempts', 'initialInterval'], `${where}.retry`)
  return { kind: 'retry', attempts: readNumber(settings['attempts'], `${where}.retry.attempts`) }
}

function readService(map: Mapping, where: string): ServiceConfig {
  refuseUnknownKeys(map, ['loadBalancer', 'weighted'], where)
  if (map['weighted'] !== undefined) {
    const weighted = readMapping(map['weighted'], `${where}.weighted`)
    refuseUnknownKeys(weighted, ['services'], `${where}.weighted`)
    return { kind: 'weighted', services: readList(weighted['services'], `${where}.weighted.services`).map((entry) => readShare(entry, `${where}.weighted.services`)) }
  }
  const balancer = readMapping(map['loadBalancer'], `${where}.loadBalancer`)
  refuseUnknownKeys(balancer, ['servers', 'serversTransport', 'passHostHeader'], `${where}.loadBalancer`)
  return {
    kind: 'servers',
    urls: readList(balancer['servers'] ?? [], `${where}.loadBalancer.servers`).map((entry) => readServer(entry, `${where}.loadBalancer.servers`)),
    transport: balancer['serversTransport'] === undefined ? null : readText(balancer['serversTransport'], `${where}.loadBalancer.serversTransport`),
  }
}

function readShare(value: unknown, where: string): { name: string; weight: number } {
  const share = readMapping(value, where)
  refuseUnknownKeys(share, ['name', 'weight'], where)
  return { name: readText(share['name'], `${where}: name`), weight: readNumber(share['weight'] ?? 1, `${where}: weight`) }
}

function readServer(value: unknown, where: string): URL {
  const server = readMapping(value, where)
  refuseUnknownKeys(server, ['url'], where)
  const text = readText(server['url'], `${where}: url`)
  if (!URL.canParse(text) || new URL(text).protocol !== 'http:') throw new Error(`${where}: "${text}" is no http URL`)
  return new URL(text)
}

function readTransport(map: Mapping, where: string): TransportConfig {
  refuseUnknownKeys(map, ['maxIdleConnsPerHost', 'forwardingTimeouts'], where)
  const timeouts = readMapping(map['forwardingTimeouts'] ?? {}, `${where}.forwardingTimeouts`)
  refuseUnknownKeys(timeouts, ['dialTimeout', 'idleConnTimeout'], `${where}.forwardingTimeouts`)
  return {
    dialTimeout: readDuration(timeouts['dialTimeout'], `${where}: dialTimeout`) ?? defaultTransport.dialTimeout,
    idleTimeout: readDuration(timeouts['idleConnTimeout'], `${where}: idleConnTimeout`) ?? defaultTransport.idleTimeout,
    maxIdlePerHost: readNumber(map['maxIdleConnsPerHost'] ?? defaultTransport.maxIdlePerHost, `${where}.maxIdleConnsPerHost`),
  }
}
