import { Agent } from 'node:http'
import type { TransportConfig } from './routes-config.ts'

/** Pools of kept-alive connections, one for each way of connecting; a pool lives on while its settings stay the same. */
export interface Connections {
  agentFor(transport: TransportConfig): Agent
  close(): void
}

export function createConnections(): Connections {
  const agents = new Map<string, Agent>()
  return {
    agentFor(transport) {
      const key = `${transport.idleTimeout} ${transport.maxIdlePerHost}`
      const agent = agents.get(key) ?? new Agent({ keepAlive: true, maxFreeSockets: transport.maxIdlePerHost, timeout: transport.idleTimeout })
      agents.set(key, agent)
      return agent
    },
    close() {
      for (const agent of agents.values()) agent.destroy()
    },
  }
}
