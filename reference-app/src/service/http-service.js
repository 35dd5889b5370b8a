import { createServer } from 'node:http'
import { describeError } from './log.js'
import { readBody, RequestError } from './request-body.js'

/**
 * @typedef {import('node:http').IncomingMessage} IncomingMessage
 * @typedef {import('node:http').ServerResponse} ServerResponse
 * @typedef {import('./log.js').Log} Log
 * @typedef {import('./release.js').Release} Release
 *
 * @typedef {object} Call one request, its body read
 * @property {string} method
 * @property {string} target path and query as received
 * @property {string} path
 * @property {URLSearchParams} query
 * @property {import('node:http').IncomingHttpHeaders} headers
 * @property {Buffer} body
 * @property {AbortSignal} signal aborted when the caller hangs up
 *
 * @typedef {{ status: number, body: unknown, headers?: Record<string, string> }} Answer a Buffer goes out as it is
 * @typedef {(call: Call) => Answer | Promise<Answer>} Handler
 *
 * @typedef {object} ServiceOptions
 * @property {string} service name told on /health
 * @property {string} host
 * @property {number} port 0 lets the system choose
 * @property {Release} release
 * @property {Log} log
 * @property {() => boolean} healthy
 * @property {Record<string, Handler>} routes by `METHOD /path`
 * @property {(call: Call) => string | null} [refuse] why a call is unauthorised, or null; /health is never asked
 * @property {number} [finishMs] how long requests in flight may take after `close`; default 20 s
 *
 * @typedef {{ port: number, close(): Promise<void> }} Service
 */

const MAX_BODY_BYTES = 64 * 1024
/** Longer than Traefik keeps idle connections (90 s), so that Traefik, never the service, ends them. */
const KEEP_ALIVE_MS = 120_000
const FINISH_MS = 20_000

/**
 * Serves `GET /health` and the given routes as JSON over HTTP until it is closed.
 * @param {ServiceOptions} options
 * @returns {Promise<Service>}
 */
export async function startHttpService(options) {
  let closing = false
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    // A kept-alive connection whose answer was on its way when closing began has become idle only now.
    response.once('close', () => {
      if (closing) setImmediate(() => server.closeIdleConnections())
    })
    void serve(request, response, options, () => closing)
  })
  await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, () => resolve(undefined))
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the service listens on no port')

  const close = async () => {
    closing = true
    const limit = setTimeout(() => server.closeAllConnections(), options.finishMs ?? FINISH_MS)
    await new Promise((resolve) => server.close(resolve))
    clearTimeout(limit)
  }
  return { port: address.port, close }
}

/**
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 * @param {ServiceOptions} options
 * @param {() => boolean} isClosing
 */
async function serve(request, response, options, isClosing) {
  const answer = await answerFor(request, response, options, isClosing).catch((error) => {
    if (error instanceof RequestError) return { status: error.status, body: { error: error.message } }
    if (!response.destroyed) options.log.error('a request failed', { target: request.url, error: describeError(error) })
    return { status: 500, body: { error: 'internal error' } }
  })
  if (response.destroyed) return
  const body = Buffer.isBuffer(answer.body) ? answer.body : Buffer.from(JSON.stringify(answer.body))
  response.writeHead(answer.status, {
    'Content-Type': 'application/json',
    'Content-Length': body.length,
    ...('headers' in answer ? answer.headers : {}),
    // A body that was refused midway is still on its way: that connection cannot be used again.
    ...(isClosing() || answer.status === 413 ? { Connection: 'close' } : {}),
  })
  response.end(body)
}

/**
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 * @param {ServiceOptions} options
 * @param {() => boolean} isClosing
 * @returns {Promise<Answer>}
 */
async function answerFor(request, response, options, isClosing) {
  const call = await readCall(request, response)
  const route = `${call.method} ${call.path}`
  if (route === 'GET /health') return health(options, isClosing())
  const refusal = options.refuse?.(call) ?? null
  if (refusal !== null) return { status: 401, body: { error: refusal } }
  const handler = Object.hasOwn(options.routes, route) ? options.routes[route] : undefined
  return handler === undefined ? noSuchRoute(options.routes, call) : handler(call)
}

/**
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 * @returns {Promise<Call>}
 */
async function readCall(request, response) {
  const hungUp = new AbortController()
  response.once('close', () => hungUp.abort())
  const target = request.url ?? '/'
  const url = parseTarget(target)
  return {
    method: request.method ?? 'GET',
    target,
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    body: await readBody(request, MAX_BODY_BYTES),
    signal: hungUp.signal,
  }
}

/** @param {string} target */
function parseTarget(target) {
  if (!URL.canParse(target, 'http://service')) throw new RequestError(400, 'the request target is malformed')
  return new URL(target, 'http://service')
}

/**
 * @param {ServiceOptions} options
 * @param {boolean} closing
 * @returns {Answer}
 */
function health({ service, release, healthy }, closing) {
  const good = !closing && healthy()
  return { status: good ? 200 : 503, body: { status: good ? 'healthy' : 'unhealthy', service, release } }
}

/**
 * @param {Record<string, Handler>} routes
 * @param {Call} call
 * @returns {Answer}
 */
function noSuchRoute(routes, { method, path }) {
  const allowed = Object.keys(routes).filter((route) => route.endsWith(` ${path}`)).map((route) => route.split(' ')[0])
  if (allowed.length === 0) return { status: 404, body: { error: `there is no ${path}` } }
  return { status: 405, body: { error: `${path} does not take ${method}` }, headers: { Allow: allowed.join(', ') } }
}
