/** The two colors of a group. One of them is active: the routes serve it. */
export type Color = 'blue' | 'green'

/** Both colors, in the order in which they are listed everywhere. */
export const colors = ['blue', 'green'] as const satisfies readonly Color[]

/** The standby of an active color, and the other way round. */
export function otherColor(color: Color): Color {
  return color === 'blue' ? 'green' : 'blue'
}

/** What Traefik is told about a group's router beyond its service; taken over into the routes file as it stands. */
export interface RouterOptions {
  /** Traefik rule; default ``PathPrefix(`/`)``. */
  readonly rule?: string
  readonly priority?: number
  /** Names of middlewares, run after the stamp. */
  readonly middlewares?: readonly string[]
  /** Traefik's `tls` section of a router. */
  readonly tls?: Readonly<Record<string, unknown>>
}

/** A service that exists in both colors behind one Traefik entry point. */
export interface Group {
  /** Short name; also the router's name, and part of step names (`health_routed_<name>`). */
  readonly name: string
  /** Compose service of each color. Its host name on the compose network is the same. */
  readonly services: Readonly<Record<Color, string>>
  /** Port inside the container. */
  readonly port: number
  /** Path of the health endpoint; 2xx means healthy. */
  readonly healthPath: string
  /** Traefik entry point that serves this group. */
  readonly entryPoint: string
  readonly router: RouterOptions
}

/** A service that must never run twice. */
export interface Singleton {
  /** Short name (`bot`): part of step names (`restart_<name>`, `health_<name>`). */
  readonly name: string
  /** Compose service. */
  readonly service: string
}

/** What a rollout replaces. Zero groups and zero singletons are both allowed. */
export interface Topology {
  readonly groups: readonly Group[]
  readonly singletons: readonly Singleton[]
}

/** Compose services of one color, in the topology's order. */
export function servicesOf(topology: Topology, color: Color): string[] {
  return topology.groups.map((group) => group.services[color])
}

/** Compose services of all singletons. */
export function singletonServices(topology: Topology): string[] {
  return topology.singletons.map((singleton) => singleton.service)
}

/** Every compose service that a rollout may touch. */
export function managedServices(topology: Topology): string[] {
  return [...colors.flatMap((color) => servicesOf(topology, color)), ...singletonServices(topology)]
}
