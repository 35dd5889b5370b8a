import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A real HTTP server on a loopback port of its own whose manner can be changed. */
export interface AnsweringServer {
  readonly port: number
  readonly url: string
  readonly requests: IncomingMessage[]
  /** Connections opened so far. */
  connections(): number
  answer(listener: RequestListener): void
  /** Stops listening; the port then refuses. */
  close(): Promise<void>
}

export async function startAnsweringServer(): Promise<AnsweringServer> {
  let listener: RequestListener = (_request, response) => response.end()
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    listener(request, response)
  })
  let connections = 0
  server.on('connection', () => {
    connections += 1
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server that listens has such an address
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    requests,
    connections: () => connections,
    answer: (next) => {
      listener = next
    },
    close: async () => {
      if (!server.listening) return
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
