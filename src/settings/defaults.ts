import type { Topology } from '../rollout/topology.ts'

/** Zetherion AI's stack (seeds/2-blue-green.md). */
export const defaultTopology: Topology = {
  groups: [
    {
      name: 'skills',
      services: { blue: 'zetherion-ai-skills-blue', green: 'zetherion-ai-skills-green' },
      port: 8080,
      healthPath: '/health',
      entryPoint: 'skills',
      router: {},
    },
    {
      name: 'api',
      services: { blue: 'zetherion-ai-api-blue', green: 'zetherion-ai-api-green' },
      port: 8443,
      healthPath: '/health',
      entryPoint: 'api',
      router: {},
    },
  ],
  singletons: [{ name: 'bot', service: 'zetherion-ai-bot' }],
}

export const defaultEntryPoints: Readonly<Record<string, string>> = {
  skills: 'http://zetherion-ai-traefik:8080',
  api: 'http://zetherion-ai-traefik:8443',
}

export const defaultPreview = 'http://zetherion-ai-traefik:9180'

export const defaultBuildCacheLimit = 10_000_000_000

export const defaultPaths = {
  projectDirectory: '/project',
  config: 'config/updater.yml',
  stateFile: '/app/data/updater-state.json',
  secretFile: '/app/data/.updater-secret',
  routesFile: '/project/config/traefik/dynamic/updater-routes.yml',
} as const

export const defaultListen = { host: '0.0.0.0', port: 9090 } as const
