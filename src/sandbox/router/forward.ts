import { type ClientRequest, type IncomingMessage, type ServerResponse, request as httpRequest } from 'node:http'
import { pipeline } from 'node:stream'
import type { HostPort } from '../host-table.ts'
import type { BackendServer } from './backend.ts'
import type { Connections } from './connections.ts'
import { backendHeaders, endToEndHeaders, hasBody } from './forwarded-headers.ts'
import { stripPrefix } from './path-prefix.ts'
import type { Route } from './routing-table.ts'

/** What forwarding needs of the router. */
export interface ForwardingParts {
  /** Where a server of the routes file is reached; null when nobody knows it. */
  readonly resolve: (url: URL) => HostPort | null
  readonly connections: Connections
  /** Told of each request that got no answer from its backend. */
  readonly onFailure: (route: string, reason: string) => void
}

/** Passes a request on to its route's backend and the answer back, streaming both. It finishes there whatever is configured meanwhile. */
export function forward(route: Route, request: IncomingMessage, response: ServerResponse, parts: ForwardingParts): void {
  for (const [name, value] of Object.entries(route.responseHeaders)) if (value !== '') response.setHeader(name, value)
  const fail = (status: number, reason: string): void => {
    parts.onFailure(route.name, reason)
    if (response.headersSent) response.destroy()
    else answerPlainly(response, status, reason)
  }
  dial(route, request, response, parts, fail, 1)
}

/** A short answer of the router's own. */
export function answerPlainly(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' })
  response.end(`${text}\n`)
}

type Fail = (status: number, reason: string) => void

function dial(route: Route, request: IncomingMessage, response: ServerResponse, parts: ForwardingParts, fail: Fail, turn: number): void {
  const server = route.backend()
  if (server === null) return fail(503, 'no available server')
  const target = parts.resolve(server.url)
  if (target === null) return fail(502, `Bad Gateway: nobody knows ${server.url.host}`)

  const call = callBackend(route, request, server, target, parts.connections)
  let reached = false
  let timedOut = false
  const dialing = setTimeout(() => {
    timedOut = true
    call.destroy(new Error(`${server.url.host} did not accept a connection within ${server.transport.dialTimeout} ms`))
  }, server.transport.dialTimeout)

  call.once('socket', (socket) => {
    const onReached = (): void => {
      reached = true
      clearTimeout(dialing)
      sendBody(request, call)
    }
    // Nothing of the body is taken before there is somebody to send it to: so a refused dial can be made again.
    if (socket.connecting) socket.once('connect', onReached)
    else onReached()
  })
  call.once('response', (answer) => passBack(route, answer, response))
  call.once('error', (error) => {
    clearTimeout(dialing)
    if (response.destroyed) return
    // A kept-alive connection that the backend closed meanwhile: the request never got there.
    const stale = call.reusedSocket && !response.headersSent && !hasBody(request)
    if (stale || (!reached && turn < route.dials)) dial(route, request, response, parts, fail, stale ? turn : turn + 1)
    else if (timedOut) fail(504, 'Gateway Timeout')
    else fail(502, `Bad Gateway: ${error.message}`)
  })
  // The client has hung up, or everything is said: either way the backend's part is over.
  response.once('close', () => call.destroy())
}

function callBackend(route: Route, request: IncomingMessage, { url, transport }: BackendServer, target: HostPort, connections: Connections): ClientRequest {
  const full = request.url ?? '/'
  const query = full.indexOf('?')
  const stripped = stripAll(query === -1 ? full : full.slice(0, query), route.strips)
  return httpRequest({
    host: target.host,
    port: target.port,
    method: request.method,
    path: `${url.pathname.replace(/\/$/, '')}${stripped.path}${query === -1 ? '' : full.slice(query)}`,
    headers: backendHeaders(request, stripped.prefix),
    agent: connections.agentFor(transport),
  })
}

function stripAll(path: string, strips: Route['strips']): { path: string; prefix: string | null } {
  return strips.reduce<{ path: string; prefix: string | null }>((state, prefixes) => stripPrefix(state.path, prefixes) ?? state, { path, prefix: null })
}

function sendBody(request: IncomingMessage, call: ClientRequest): void {
  if (hasBody(request)) request.pipe(call)
  else call.end()
}

function passBack(route: Route, answer: IncomingMessage, response: ServerResponse): void {
  const headers: Record<string, string[]> = endToEndHeaders(answer)
  for (const name of Object.keys(route.responseHeaders)) delete headers[name.toLowerCase()]
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage, headers)
  // Either side's end ends the other; a broken answer must not look whole to the client.
  pipeline(answer, response, (error) => {
    if (error) response.destroy()
  })
}
