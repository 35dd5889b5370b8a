import { createServer } from 'node:http'

/**
 * @typedef {{ status?: number, json?: unknown, text?: string }} Answer
 * @typedef {{ method: string, path: string, request: import('node:http').IncomingMessage }} Asked
 *
 * @typedef {object} StandIn
 * @property {string} name in its log
 * @property {number} port
 * @property {(asked: Asked) => Promise<Answer>} answer
 */

/** Largest body that a stand-in takes, bytes. */
const bodyLimit = 1024 ** 2

/**
 * Serves HTTP until SIGTERM.
 * @param {StandIn} standIn
 */
export function serve({ name, port, answer }) {
  const server = createServer((request, response) => {
    const { method = 'GET', url = '/' } = request
    answer({ method, path: url.split('?')[0] ?? '/', request }).then(
      ({ status = 200, json, text }) => {
        response.writeHead(status, { 'content-type': text === undefined ? 'application/json' : 'text/plain' }).end(text ?? JSON.stringify(json))
      },
      (/** @type {unknown} */ error) => response.writeHead(500).end(JSON.stringify({ error: String(error) })),
    )
  })
  server.listen(port, () => log({ name, message: 'listening', port }))
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.on(signal, () => {
      log({ name, message: 'stopping', signal })
      process.exit(0)
    })
  }
}

/** @param {Record<string, unknown>} line */
export function log(line) {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...line })}\n`)
}

/** @param {import('node:http').IncomingMessage} request */
export async function readBody(request) {
  let body = ''
  for await (const chunk of request) {
    body += String(chunk)
    if (body.length > bodyLimit) throw new Error(`a body has at most ${bodyLimit} bytes`)
  }
  return body
}
