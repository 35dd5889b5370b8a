import type { RoutesConfig, TransportConfig } from './routes-config.ts'
import { defaultTransport } from './routes-config.ts'

/** One server of a service. */
export interface BackendServer {
  readonly url: URL
  readonly transport: TransportConfig
}

/** Tells the next server in turn; null when the service has none. */
export type Backend = () => BackendServer | null

/** @throws Error when it names a service or transport that is not there, or itself */
export function makeBackend(config: RoutesConfig, name: string, above: readonly string[] = []): Backend {
  const service = config.services[name]
  if (service === undefined) throw new Error(`the service "${name}" does not exist`)
  if (above.includes(name)) throw new Error(`the service "${name}" contains itself`)
  if (service.kind === 'weighted') {
    return weighted(service.services.map((share) => ({ weight: share.weight, item: makeBackend(config, share.name, [...above, name]) })), (backend) => backend())
  }
  const transport = service.transport === null ? defaultTransport : config.transports[service.transport]
  if (transport === undefined) throw new Error(`the serversTransport "${service.transport ?? ''}" does not exist`)
  return weighted(service.urls.map((url) => ({ weight: 1, item: { url, transport } })), (server) => server)
}

/** Smooth weighted round robin: deterministic, and it starts anew with each configuration, as Traefik's does. */
function weighted<T>(shares: readonly { weight: number; item: T }[], tell: (item: T) => BackendServer | null): Backend {
  const turns = shares.filter(({ weight }) => weight > 0).map((share) => ({ ...share, credit: 0 }))
  const total = turns.reduce((sum, { weight }) => sum + weight, 0)
  return () => {
    for (const turn of turns) turn.credit += turn.weight
    const [first, ...others] = turns
    if (first === undefined) return null
    const next = others.reduce((best, turn) => (turn.credit > best.credit ? turn : best), first)
    next.credit -= total
    return tell(next.item)
  }
}
