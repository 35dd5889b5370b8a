import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { groupOf } from '../contract/traffic-router/topologies.ts'
import { colors } from '../../src/rollout/topology.ts'
import type { Color, Group } from '../../src/rollout/topology.ts'

/** Both colors of a group as real servers: blue on 127.0.0.1 and green on 127.0.0.2, with one port, as containers have it. */
export interface TwoColors {
  readonly group: Group
  /** Stops one color's server and its connections. */
  stop(color: Color): Promise<void>
  close(): Promise<void>
}

const hosts = { blue: '127.0.0.1', green: '127.0.0.2' } as const

/** Each answers `<color> <method> <path>`. */
export async function startTwoColors(name: string): Promise<TwoColors> {
  const blue = await listen('blue', 0)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server that listens has such an address
  const { port } = blue.address() as AddressInfo
  const servers = { blue, green: await listen('green', port) }
  const stop = async (color: Color) => {
    if (!servers[color].listening) return
    const closed = once(servers[color], 'close')
    servers[color].close()
    servers[color].closeAllConnections()
    await closed
  }
  return {
    group: groupOf(name, port, { services: hosts }),
    stop,
    close: async () => {
      for (const color of colors) await stop(color)
    },
  }
}

async function listen(color: Color, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end(`${color} ${request.method} ${request.url}`))
  })
  server.listen(port, hosts[color])
  await once(server, 'listening')
  return server
}
