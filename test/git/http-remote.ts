import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** A repository behind smart HTTP that wants a user and a password, as a private one does. */
export interface HttpRemote {
  /** Without credentials. */
  readonly url: string
  /** Command lines of every git process that ran while a request was being answered. */
  readonly commandLines: ReadonlySet<string>
  /** `Authorization` of each request; null where there was none. */
  readonly authorizations: readonly (string | null)[]
  close(): Promise<void>
}

/**
 * Serves the bare repositories of a directory through git's own `http-backend`. Who comes without the right password
 * reads their own header back, as from a proxy that says too much.
 */
export async function serveOverHttp(directory: string, repository: string, authorization: string): Promise<HttpRemote> {
  const commandLines = new Set<string>()
  const authorizations: (string | null)[] = []
  const server = createServer((request, response) => {
    for (const line of gitCommandLines()) commandLines.add(line)
    const given = request.headers.authorization ?? null
    authorizations.push(given)
    if (given === authorization) {
      backend(directory, request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
    } else {
      const decoded = Buffer.from((given ?? '').replace(/^Basic /, ''), 'base64').toString()
      response.writeHead(403, { 'content-type': 'text/plain' }).end(`you sent ${given}, that is ${decoded}\n`)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${portOf(server.address())}/${repository}`,
    commandLines,
    authorizations,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Port of a listening server. */
export function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port')
  return address.port
}

/** Command lines of all processes on this machine whose program is git or one of its helpers. */
export function gitCommandLines(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      return /(^|\/)git/.test(line.split(' ')[0] ?? '') ? [line] : []
    } catch {
      return [] // It has ended since.
    }
  })
}

async function backend(directory: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'], GIT_PROJECT_ROOT: directory, GIT_HTTP_EXPORT_ALL: '1', REMOTE_USER: 'somebody', GIT_CONFIG_NOSYSTEM: '1',
      PATH_INFO: url.pathname, QUERY_STRING: url.search.slice(1), REQUEST_METHOD: request.method, CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '', GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  request.pipe(child.stdin)
  const answer = await buffer(child.stdout)
  const end = answer.indexOf('\r\n\r\n')
  for (const header of answer.subarray(0, end).toString().split('\r\n')) {
    const [name = '', value = ''] = header.split(': ')
    if (name === 'Status') response.statusCode = Number.parseInt(value, 10)
    else response.setHeader(name, value)
  }
  response.end(answer.subarray(end + 4))
}
