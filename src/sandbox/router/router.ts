import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import { dirname } from 'node:path'
import { sentenceOf } from '../../rollout/errors.ts'
import type { Log } from '../../rollout/ports.ts'
import { type HostPort, type HostTable, readHostTable } from '../host-table.ts'
import { oneAtATime } from '../../rollout/one-at-a-time.ts'
import { createConnections } from './connections.ts'
import { answerPlainly, forward } from './forward.ts'
import { joinRoutes, openRoutesSource } from './routes-source.ts'
import { type RoutingTable, findRoute, makeRoutingTable } from './routing-table.ts'
import { watchDirectory } from './watch-directory.ts'

export interface RouterOptions {
  /** The live routes file, or its directory. */
  readonly routes: string
  /** The host table by which backends are found. */
  readonly hosts: string
  /** Entry point → port to listen on; 0 lets the system choose. */
  readonly entryPoints: Readonly<Record<string, number>>
  readonly log: Log
}

export interface Router {
  /** Entry point → port on 127.0.0.1. */
  readonly ports: Readonly<Record<string, number>>
  /** Takes no more requests, lets those in flight finish (at most 10 s), and leaves. */
  close(): Promise<void>
}

const address = '127.0.0.1'
/** Longer than any client keeps a connection it still means to use, ms; Traefik's idle timeout. */
const keepAlive = 180_000
const closeWithin = 10_000

/** Serves the routes file on its entry points as Traefik would, as far as `readRoutesConfig` knows it. */
export async function startRouter({ routes, hosts, entryPoints, log }: RouterOptions): Promise<Router> {
  const names = Object.keys(entryPoints)
  const inForce = createInForce(names, log)
  const source = await openRoutesSource(routes)
  const inTurn = oneAtATime()
  const reload = (): Promise<void> => inTurn(async () => {
    inForce.applyHosts(await readHostTable(hosts).catch((error: unknown) => {
      log.error('the host table cannot be read: the old one stays', { reason: sentenceOf(error) })
      return inForce.hosts()
    }))
    inForce.applyRoutes(await source.read())
  })
  await reload()

  const onChange = (): void => {
    reload().catch((error: unknown) => log.error('the routes cannot be read: the old ones stay', { reason: sentenceOf(error) }))
  }
  const watches = [...new Set([source.directory, dirname(hosts)])].map((directory) => watchDirectory(directory, onChange))
  const connections = createConnections()
  const parts = {
    connections,
    resolve: (url: URL): HostPort | null => resolveHost(url, inForce.hosts()),
    onFailure: (route: string, reason: string): void => log.warn('a request got no answer from its backend', { route, reason }),
  }
  const serve = (entryPoint: string) => (request: IncomingMessage, response: ServerResponse): void => {
    const path = request.url?.split('?', 1)[0] ?? '/'
    const route = findRoute(inForce.table(), entryPoint, path)
    if (route === undefined) answerPlainly(response, 404, '404 page not found')
    else forward(route, request, response, parts)
  }
  const servers = await listenAll(entryPoints, serve)
  return {
    ports: Object.fromEntries(servers.map(({ entryPoint, port }) => [entryPoint, port])),
    async close() {
      for (const watch of watches) watch.close()
      await Promise.all(servers.map(({ server }) => closeServer(server)))
      connections.close()
    },
  }
}

/** The configuration that serves. A request takes its route from it once; a change is one assignment. */
function createInForce(entryPoints: readonly string[], log: Log) {
  let table: RoutingTable = {}
  let hosts: HostTable = {}
  let lastRead: string | null = null
  return {
    table: (): RoutingTable => table,
    hosts: (): HostTable => hosts,
    applyHosts(found: HostTable): void {
      hosts = found
    },
    applyRoutes(texts: Readonly<Record<string, string>>): void {
      const read = JSON.stringify(texts)
      if (read === lastRead) return
      lastRead = read
      try {
        table = makeRoutingTable(joinRoutes(texts), entryPoints, (router, reason) => log.error('a router cannot serve', { router, reason }))
        log.info('new routes are in force', { files: Object.keys(texts) })
      } catch (error) {
        log.error('the new routes are refused: the old ones stay', { reason: sentenceOf(error) })
      }
    },
  }
}

function resolveHost(url: URL, hosts: HostTable): HostPort | null {
  const port = Number(url.port === '' ? 80 : url.port)
  if (Object.hasOwn(hosts, url.hostname)) return hosts[url.hostname]?.[port] ?? null
  return url.hostname === 'localhost' || /^[\d.]+$/.test(url.hostname) ? { host: url.hostname, port } : null
}

interface Listening {
  readonly entryPoint: string
  readonly server: Server
  readonly port: number
}

async function listenAll(entryPoints: RouterOptions['entryPoints'], serve: (entryPoint: string) => (request: IncomingMessage, response: ServerResponse) => void): Promise<Listening[]> {
  const begun = await Promise.allSettled(Object.entries(entryPoints).map(async ([entryPoint, port]) => listen(entryPoint, port, serve(entryPoint))))
  const failed = begun.find((result) => result.status === 'rejected')
  const listening = begun.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  if (failed === undefined) return listening
  await Promise.all(listening.map(({ server }) => closeServer(server)))
  throw failed.reason
}

function listen(entryPoint: string, port: number, serve: (request: IncomingMessage, response: ServerResponse) => void): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const server = createServer({ keepAliveTimeout: keepAlive }, serve)
    server.once('error', reject)
    server.listen(port, address, () => {
      const bound = server.address()
      if (typeof bound === 'object' && bound !== null) resolve({ entryPoint, server, port: bound.port })
    })
  })
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const limit = setTimeout(() => server.closeAllConnections(), closeWithin)
    // A kept-alive connection becomes idle only when its answer in flight is through.
    const idle = setInterval(() => server.closeIdleConnections(), 20)
    server.close(() => {
      clearTimeout(limit)
      clearInterval(idle)
      resolve()
    })
  })
}
