import { request } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import type { ApiParts } from '../../src/api/create-api.ts'
import { freshApi, secret } from './api.ts'

/** An API of this test alone that really listens, on loopback; its port. */
export async function listeningApi(parts: Partial<ApiParts> = {}): Promise<number> {
  const app = freshApi(parts)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const address = app.server.address()
  if (!isAddress(address)) throw new Error('the API does not listen')
  return address.port
}

/** A bare connection, closed when the test ends. */
export function open(port: number): Socket {
  const socket = connect(port, '127.0.0.1')
  // What the other side does to a connection is seen by its end, not by this.
  socket.on('error', () => socket.destroy())
  onTestFinished(() => {
    socket.destroy()
  })
  return socket
}

/** Everything that comes until the other side closes. */
export function untilClosed(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      text += chunk
    })
    socket.on('close', () => resolve(text))
  })
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: unknown
}

/** One call over a connection of its own, as the skills service makes it. */
export function post(port: number, path: string, payload: unknown, headers: Record<string, string> = {}): { readonly answer: Promise<Answer>; readonly hangUp: () => void } {
  const call = request({ port, host: '127.0.0.1', path, method: 'POST', agent: false, headers: { 'x-updater-secret': secret, 'content-type': 'application/json', ...headers } })
  const answer = new Promise<Answer>((resolve, reject) => {
    call.on('error', reject)
    call.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(text) }))
    })
  })
  call.end(JSON.stringify(payload))
  return { answer, hangUp: () => void call.destroy() }
}

function isAddress(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null
}
