import { parse } from 'yaml'
import type { Routes, RoutesFile } from '../../../src/rollout/model.ts'
import { stampHeader } from '../../../src/rollout/stamp.ts'
import type { Color, Topology } from '../../../src/rollout/topology.ts'
import { createRoutesReader } from '../../../src/traefik/read-routes.ts'
import { renderRoutes } from '../../../src/traefik/render.ts'
import { defaultTransportLimits } from '../../../src/traefik/transport-limits.ts'
import { remembered } from './remembered.ts'

/** What Traefik makes of a routes file; read from its YAML as Traefik does, not as the updater does. */
export interface RoutesText {
  /** The color of every public entry point; null when they differ, or when none is led to a color. */
  readonly active: Color | null
  readonly generation: string | null
  readonly sequence: number | null
  /** Entry point → color that it is led to. */
  readonly entryPoints: ReadonlyMap<string, Color>
}

/** The text of one version, as the updater writes it. */
export function textOf(routes: Routes): string {
  return texts(`${routes.active} ${routes.generation} ${routes.sequence} ${keyOf(routes.topology)}`, () => renderRoutes(routes, defaultTransportLimits))
}

/** The predecessor's plain form. */
export function plainText(active: Color, topology: Topology): string {
  const routers = topology.groups.map(({ name, entryPoint }) => `    ${name}: { entryPoints: [${entryPoint}], rule: "PathPrefix(\`/\`)", service: ${name}-${active} }\n`)
  const services = topology.groups.flatMap(({ name, port, services: of }) => (['blue', 'green'] as const).map((color) =>
    `    ${name}-${color}: { loadBalancer: { servers: [{ url: "http://${of[color]}:${port}" }] } }\n`))
  return `http:\n  routers:\n${routers.join('')}  services:\n${services.join('')}`
}

/** What Traefik makes of it; null when it keeps what it has. */
export function readText(text: string): RoutesText | null {
  return readings(text, () => interpret(text))
}

/** The same of a file's bytes. The disk never changes bytes in place, and the same ones are looked at before and after every effect. */
export function readBytes(bytes: Uint8Array): RoutesText | null {
  const known = readingsOfBytes.get(bytes)
  if (known !== undefined) return known
  const read = readText(new TextDecoder().decode(bytes))
  readingsOfBytes.set(bytes, read)
  return read
}

/** The updater's own reader. The same texts come up again and again in a campaign, and YAML is slow to read. */
export function readAsUpdater(bytes: Uint8Array): RoutesFile {
  const known = updaterReadingsOfBytes.get(bytes)
  if (known !== undefined) return known
  const read = updaterReadings(Buffer.from(bytes).toString('latin1'), () => readRoutes(bytes))
  updaterReadingsOfBytes.set(bytes, read)
  return read
}

const readRoutes = createRoutesReader()
const updaterReadings = remembered<RoutesFile>()
const updaterReadingsOfBytes = new WeakMap<Uint8Array, RoutesFile>()
const readings = remembered<RoutesText | null>()
const readingsOfBytes = new WeakMap<Uint8Array, RoutesText | null>()
const texts = remembered<string>()
const keys = new WeakMap<Topology, string>()

/** The same for the same topology, be it told by the settings or read from a record. */
function keyOf(topology: Topology): string {
  const key = keys.get(topology) ?? JSON.stringify(topology)
  keys.set(topology, key)
  return key
}

function interpret(text: string): RoutesText | null {
  const http = valueAt(parsed(text), 'http')
  const entryPoints = new Map<string, Color>()
  for (const [name, router] of Object.entries(objectAt(http, 'routers'))) {
    if (name.startsWith('preview-')) continue
    const service = valueAt(router, 'service')
    const [server] = listAt(valueAt(objectAt(http, 'services')[String(service)], 'loadBalancer'), 'servers')
    const color = /-(blue|green):\d+$/.exec(String(valueAt(server, 'url')))?.[1]
    if (color === 'blue' || color === 'green') for (const entryPoint of listAt(router, 'entryPoints')) entryPoints.set(String(entryPoint), color)
  }
  const stamp = Object.values(objectAt(http, 'middlewares')).map((middleware) => objectAt(valueAt(middleware, 'headers'), 'customResponseHeaders')[stampHeader]).find((value) => value !== undefined)
  if (entryPoints.size === 0 && stamp === undefined) return null
  const [color, another] = new Set(entryPoints.values())
  const commented = /^# active: (blue|green)$/m.exec(text)?.[1]
  const active = entryPoints.size > 0 ? color : commented === 'blue' || commented === 'green' ? commented : undefined
  const sequence = /^# sequence: (\d+)$/m.exec(text)?.[1]
  return {
    active: another === undefined ? (active ?? null) : null,
    generation: typeof stamp === 'string' ? stamp : null,
    sequence: sequence === undefined ? null : Number(sequence),
    entryPoints,
  }
}

function parsed(text: string): unknown {
  try {
    return parse(text)
  } catch {
    return null // Traefik says so in its log and keeps what it has.
  }
}

function valueAt(value: unknown, key: string): unknown {
  return objectOf(value)[key]
}

function objectAt(value: unknown, key: string): Record<string, unknown> {
  return objectOf(valueAt(value, key))
}

function listAt(value: unknown, key: string): unknown[] {
  const list = valueAt(value, key)
  return Array.isArray(list) ? list : []
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}
