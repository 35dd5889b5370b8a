import { createServer } from 'node:net'
import { createSessionBook } from './gateway/session-book.js'
import { startHttpService } from './service/http-service.js'
import { onMessages, sendMessage } from './service/json-lines.js'
import { createLog } from './service/log.js'
import { isProgram, runProgram } from './service/program.js'
import { readRelease } from './service/release.js'
import { readInteger, readPort, readText } from './service/settings.js'

/**
 * @typedef {import('./gateway/session-book.js').SessionReport} SessionReport
 *
 * @typedef {object} GatewayOptions
 * @property {string} [host] default 127.0.0.1
 * @property {number} [port] for bots (TCP); 0 lets the system choose
 * @property {number} [httpPort] for `GET /sessions`; 0 lets the system choose
 * @property {number} [silenceMs] a session that says nothing for this long has ended; default 5 s
 * @property {import('./service/log.js').Log} [log]
 *
 * @typedef {object} Gateway
 * @property {number} port
 * @property {number} httpPort
 * @property {string} url for the bot's `GATEWAY_URL`
 * @property {string} httpUrl
 * @property {() => SessionReport} report
 * @property {() => Promise<void>} close ends all sessions
 */

/**
 * A stand-in for the chat service's gateway. It accepts a second session beside an open one and takes note of it:
 * such an overlap is what a single-instance bot must never cause.
 * @param {GatewayOptions} [options]
 * @returns {Promise<Gateway>}
 */
export async function startGateway(options = {}) {
  const { host = '127.0.0.1', port = 0, httpPort = 0, silenceMs = 5_000, log = createLog('gateway', () => undefined) } = options
  const book = createSessionBook()
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.setTimeout(silenceMs, () => socket.destroy())
    socket.on('error', (error) => log.error('a connection failed', { error: error.message }))
    serveBot(socket, book)
  })
  await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(undefined))
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the gateway listens on no port')
  const http = await startHttpService({
    service: 'gateway', host, port: httpPort, release: readRelease({}), log, healthy: () => true,
    routes: { 'GET /sessions': () => ({ status: 200, body: book.report() }) },
  })

  const close = async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of sockets) socket.destroy()
    await Promise.all([closed, http.close()])
  }
  return {
    port: address.port,
    httpPort: http.port,
    url: `tcp://${host}:${address.port}`,
    httpUrl: `http://${host}:${http.port}`,
    report: book.report,
    close,
  }
}

/**
 * @param {import('node:net').Socket} socket
 * @param {ReturnType<typeof createSessionBook>} book
 */
function serveBot(socket, book) {
  /** @type {import('./gateway/session-book.js').Session | null} */
  let session = null
  onMessages(socket, ({ op, instance, release }) => {
    if (op === 'identify' && session === null) {
      session = book.open({ instance: String(instance), release })
      sendMessage(socket, { op: 'ready', session: session.session })
    } else if (op === 'heartbeat' && session !== null) {
      sendMessage(socket, { op: 'heartbeat_ack' })
    } else if (op === 'close' && session !== null) {
      book.close(session, 'close')
      sendMessage(socket, { op: 'close_ack' })
      socket.end()
    } else {
      socket.destroy()
    }
  })
  socket.on('close', () => {
    if (session !== null) book.close(session, 'disconnect')
  })
}

if (isProgram(import.meta.url)) {
  await runProgram('gateway', (env, log) =>
    startGateway({
      host: readText(env, 'GATEWAY_HOST', '127.0.0.1'),
      port: readPort(env, 'GATEWAY_PORT', 7000),
      httpPort: readPort(env, 'GATEWAY_HTTP_PORT', 7001),
      silenceMs: readInteger(env, 'GATEWAY_SILENCE_MS', 5_000, { min: 100, max: 600_000 }),
      log,
    }),
  )
}
