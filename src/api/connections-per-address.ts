import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Closes what one address opens beyond its share of the API's connections: without it a neighbour that knows no secret
 * could take all of them, and nobody could cancel or pause any more (fault 42).
 */
export function limitConnectionsPerAddress(server: Server, limit: number): void {
  const open = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? ''
    const count = (open.get(address) ?? 0) + 1
    open.set(address, count)
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1
      if (left > 0) open.set(address, left)
      else open.delete(address)
    })
    if (count > limit) socket.destroy()
  })
}
