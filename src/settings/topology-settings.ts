import { managedServices } from '../rollout/topology.ts'
import type { Group, RouterOptions, Topology } from '../rollout/topology.ts'
import type { ReadConfig } from './config-file.ts'
import type { ConfigFile } from './config-schema.ts'
import { defaultEntryPoints, defaultPreview, defaultTopology } from './defaults.ts'
import type { Problem, TraefikSettings } from './settings.ts'

type GroupSection = NonNullable<NonNullable<ConfigFile['topology']>['groups']>[number]

/** The topology of the file. A file that names only groups or only singletons has none of the other. */
export function readTopology(config: ConfigFile): Topology {
  if (config.topology === undefined) return defaultTopology
  return { groups: (config.topology.groups ?? []).map(groupOf), singletons: config.topology.singletons ?? [] }
}

export function readTraefik(config: ConfigFile): TraefikSettings {
  const { entryPoints = defaultEntryPoints, preview = defaultPreview } = config.traefik ?? {}
  return {
    entryPoints: Object.fromEntries(Object.entries(entryPoints).map(([name, url]) => [name, withoutSlash(url)])),
    preview: preview === null ? null : withoutSlash(preview),
  }
}

/** What the shape of the file cannot say: names that clash, entry points that nobody defined, text that Traefik would expand. */
export function topologyProblems(topology: Topology, traefik: TraefikSettings, { problemAt }: Pick<ReadConfig, 'problemAt'>): Problem[] {
  const known = Object.keys(traefik.entryPoints)
  const undefinedEntryPoints = topology.groups.flatMap((group, index) =>
    known.includes(group.entryPoint)
      ? []
      : [problemAt(['topology', 'groups', index, 'entryPoint'], `is ${group.entryPoint}, which traefik.entryPoints does not define (${known.join(', ') || 'it is empty'})`)],
  )
  const names = [...topology.groups, ...topology.singletons].map((member) => member.name)
  const clashes = [...duplicates(names).map((name) => `names ${name} twice`), ...duplicates(managedServices(topology)).map((service) => `uses the service ${service} twice`)]
  const sharedEntryPoints = duplicates(topology.groups.filter((group) => group.router.rule === undefined).map((group) => group.entryPoint))
  const templates = topology.groups.flatMap((group, index) =>
    JSON.stringify(group.router).includes('{{') ? [problemAt(['topology', 'groups', index, 'router'], 'must not contain {{, which Traefik expands as a template')] : [],
  )
  return [
    ...undefinedEntryPoints,
    ...clashes.map((clash) => problemAt(['topology'], clash)),
    ...sharedEntryPoints.map((name) => problemAt(['topology', 'groups'], `puts two groups without a router.rule on the entry point ${name}; give them rules`)),
    ...templates,
  ]
}

function groupOf(section: GroupSection): Group {
  return {
    name: section.name,
    services: section.services,
    port: section.port,
    healthPath: section.healthPath ?? '/health',
    entryPoint: section.entryPoint ?? section.name,
    router: routerOf(section.router ?? {}),
  }
}

function routerOf({ rule, priority, middlewares, tls }: NonNullable<GroupSection['router']>): RouterOptions {
  return {
    ...(rule === undefined ? {} : { rule }),
    ...(priority === undefined ? {} : { priority }),
    ...(middlewares === undefined ? {} : { middlewares }),
    ...(tls === undefined ? {} : { tls }),
  }
}

function withoutSlash(url: string): string {
  return url.replace(/\/$/, '')
}

function duplicates(values: readonly string[]): string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))]
}
