import { sentenceOf } from '../../rollout/errors.ts'
import { type Backend, makeBackend } from './backend.ts'
import type { MiddlewareConfig, RouterConfig, RoutesConfig } from './routes-config.ts'

/** A router, ready to serve. */
export interface Route {
  readonly name: string
  readonly prefix: string
  /** Set on every answer, the router's own errors included; an empty value removes the header. */
  readonly responseHeaders: Readonly<Record<string, string>>
  /** For each stripPrefix in turn its prefixes. */
  readonly strips: readonly (readonly string[])[]
  /** How often a refused dial may be made in all. */
  readonly dials: number
  readonly backend: Backend
}

/** Entry point → its routes, the one to be asked first first. Never changed: a request keeps the one it began with. */
export type RoutingTable = Readonly<Record<string, readonly Route[]>>

/** @param onBroken told of each router that cannot serve: as with Traefik it is left out, the others serve */
export function makeRoutingTable(config: RoutesConfig, entryPoints: readonly string[], onBroken: (router: string, reason: string) => void): RoutingTable {
  const routes = Object.entries(config.routers).flatMap(([name, router]) => {
    try {
      const missing = router.entryPoints.find((entryPoint) => !entryPoints.includes(entryPoint))
      if (missing !== undefined) onBroken(name, `the entry point "${missing}" does not exist`)
      return [{ router, route: makeRoute(config, name, router) }]
    } catch (error) {
      onBroken(name, sentenceOf(error))
      return []
    }
  })
  // Equal priorities: by name, so that the order never depends on chance.
  routes.sort((a, b) => b.router.priority - a.router.priority || a.route.name.localeCompare(b.route.name))
  return Object.fromEntries(entryPoints.map((entryPoint) => [
    entryPoint,
    routes.filter(({ router }) => router.entryPoints.includes(entryPoint)).map(({ route }) => route),
  ]))
}

/** The route of a path; undefined when nobody serves it. */
export function findRoute(table: RoutingTable, entryPoint: string, path: string): Route | undefined {
  return table[entryPoint]?.find(({ prefix }) => path.startsWith(prefix))
}

function makeRoute(config: RoutesConfig, name: string, router: RouterConfig): Route {
  const chain = router.middlewares.map((middleware) => {
    const found = config.middlewares[middleware]
    if (found === undefined) throw new Error(`the middleware "${middleware}" does not exist`)
    return found
  })
  return {
    name,
    prefix: router.prefix,
    // The first middleware is the outermost: it has the last word on the answer.
    responseHeaders: Object.assign({}, ...chain.toReversed().map(headersOf)),
    strips: chain.flatMap((middleware) => (middleware.kind === 'stripPrefix' ? [middleware.prefixes] : [])),
    dials: Math.max(1, ...chain.map((middleware) => (middleware.kind === 'retry' ? middleware.attempts : 1))),
    backend: makeBackend(config, router.service),
  }
}

function headersOf(middleware: MiddlewareConfig): Readonly<Record<string, string>> {
  return middleware.kind === 'responseHeaders' ? middleware.headers : {}
}
