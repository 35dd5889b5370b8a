import * as Type from 'typebox'
import type { Static } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import { parseDocument } from 'yaml'
import type { RoutesFile } from '../rollout/model.ts'
import { stampHeader } from '../rollout/stamp.ts'
import { colors } from '../rollout/topology.ts'
import type { Color } from '../rollout/topology.ts'
import { previewPrefix, stampMiddleware } from './naming.ts'

/** As much of the file as is needed to tell what serves; what else Traefik knows is allowed. */
const Content = Type.Object({
  http: Type.Object({
    routers: Type.Optional(Type.Record(Type.String(), Type.Object({ service: Type.String() }))),
    services: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    middlewares: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  }),
})
type Http = Static<typeof Content>['http']

const StampMiddleware = Type.Object({
  headers: Type.Object({ customResponseHeaders: Type.Record(Type.String(), Type.String()) }),
})

/** Tells what a routes file says. Independent of the topology: settings may have changed since it was written. */
export type RoutesReader = (bytes: Uint8Array) => RoutesFile

/** Understands what `renderRoutes` writes and the predecessor's plain form: routers of one color, no stamp, no previews. */
export function createRoutesReader(): RoutesReader {
  let checks: Checks | undefined
  let last: { readonly bytes: Uint8Array; readonly said: RoutesFile } | undefined

  return (bytes) => {
    // It is looked at far more often than it changes, and reading YAML takes its time.
    if (last === undefined || Buffer.compare(last.bytes, bytes) !== 0) last = { bytes, said: read(bytes) }
    return last.said
  }

  function read(bytes: Uint8Array): RoutesFile {
    const text = decode(bytes)
    if (text === null) return unreadable('it is not UTF-8 text')
    // Traefik would run it; what then serves cannot be told from the text.
    if (text.includes('{{')) return unreadable('it contains a template')
    const parsed = parse(text)
    if ('reason' in parsed) return unreadable(parsed.reason)
    checks ??= compileChecks()
    const { content, stamp } = checks
    const { value } = parsed
    if (!content.Check(value)) return unreadable(`it is no routes file (${content.Errors(value).map(({ instancePath, message }) => `${instancePath} ${message}`).join(', ')})`)
    const { http } = value
    const active = activeColor(http, text)
    if ('reason' in active) return unreadable(active.reason)
    return { kind: 'routes', active: active.color, generation: generationOf(http, stamp), sequence: sequenceOf(text), text }
  }
}

interface Checks {
  readonly content: Validator<{}, typeof Content>
  readonly stamp: Validator<{}, typeof StampMiddleware>
}

/** At the first file read: the start of the API need not wait for it. */
function compileChecks(): Checks {
  return { content: Compile(Content), stamp: Compile(StampMiddleware) }
}

function unreadable(reason: string): RoutesFile {
  return { kind: 'unreadable', reason }
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    // The caller says so in its own words.
    return null
  }
}

function parse(text: string): { readonly value: unknown } | { readonly reason: string } {
  const document = parseDocument(text)
  const [error] = document.errors
  if (error !== undefined) return { reason: `it is not YAML (${error.message.split('\n')[0] ?? error.code})` }
  try {
    const value: unknown = document.toJS()
    return { value }
  } catch (error) {
    // Aliases that multiply beyond the library's limit.
    return { reason: `it is not YAML (${error instanceof Error ? error.message : String(error)})` }
  }
}

/** The color that every router but the previews leads to. Routers of services without a color are an operator's own. */
function activeColor(http: Http, text: string): { readonly color: Color } | { readonly reason: string } {
  const found = new Map<Color, string>()
  for (const [router, { service }] of Object.entries(http.routers ?? {})) {
    const color = colorOf(service)
    if (router.startsWith(previewPrefix) || color === null) continue
    if (!Object.hasOwn(http.services ?? {}, bareName(service))) return { reason: `router ${router} leads to ${service}, which it does not define` }
    found.set(color, router)
  }
  const [first, second] = found
  if (first !== undefined && second !== undefined) return { reason: `router ${first[1]} leads to ${first[0]}, but ${second[1]} to ${second[0]}` }
  if (first !== undefined) return { color: first[0] }
  const color = http.routers === undefined ? commented(text, 'active') : undefined
  if (color === 'blue' || color === 'green') return { color }
  return { reason: 'no router in it leads to a color' }
}

function colorOf(service: string): Color | null {
  return colors.find((color) => bareName(service).endsWith(`-${color}`)) ?? null
}

/** `skills-blue@file` is the same as `skills-blue`. */
function bareName(service: string): string {
  return service.replace(/@file$/, '')
}

function generationOf(http: Http, stamp: Checks['stamp']): string | null {
  const middleware = http.middlewares?.[stampMiddleware]
  return stamp.Check(middleware) ? (middleware.headers.customResponseHeaders[stampHeader] ?? null) : null
}

function sequenceOf(text: string): number | null {
  const number = Number(commented(text, 'sequence') ?? Number.NaN)
  return Number.isSafeInteger(number) && number >= 0 ? number : null
}

/** Value of a `# key: value` line in the comment that leads the file. */
function commented(text: string, key: string): string | undefined {
  const lead = text.split('\n').findIndex((line) => !line.startsWith('#'))
  const prefix = `# ${key}: `
  return text.split('\n').slice(0, Math.max(lead, 0)).find((line) => line.startsWith(prefix))?.slice(prefix.length).trim()
}
