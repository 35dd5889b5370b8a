import { withoutCredentials } from '../git/redaction.ts'
import { managedServices } from '../rollout/topology.ts'
import type { Topology } from '../rollout/topology.ts'
import { keepsApiDown, readApiSettings } from './api-settings.ts'
import { readConfigFile } from './config-file.ts'
import { defaultPaths } from './defaults.ts'
import { readDocker, readRuntime } from './docker-settings.ts'
import { readEnvironment } from './environment.ts'
import type { Environment, EnvironmentReader } from './environment.ts'
import { readGit, readPolling } from './git-settings.ts'
import type { PathSettings, Problem, SettingsReading } from './settings.ts'
import { readGates, readLimits, readPolicy, timingProblems } from './timing-settings.ts'
import { readTopology, readTraefik, topologyProblems } from './topology-settings.ts'

/** What settings are read from. */
export interface SettingsSources {
  readonly env: Environment
  /** Text of config/updater.yml; null: there is none. */
  readonly configText: string | null
  /** What the file is called in problems. */
  readonly configPath: string
}

/** Reads and checks everything, and tells every problem at once. Pure. */
export function readSettings({ env, configText, configPath }: SettingsSources): SettingsReading {
  const variables = readEnvironment(env)
  const file = readConfigFile(configText, configPath)
  const { content } = file
  const found: Problem[] = [...file.problems]
  const api = readApiSettings(content, variables)
  const topology = readTopology(content)
  const traefik = readTraefik(content)
  const limits = readLimits(content)
  const gates = readGates(content)
  // A section with a problem is left out of the content: to check what depends on it would tell of its absence.
  if (file.problems.length === 0) found.push(...topologyProblems(topology, traefik, file), ...timingProblems(limits, gates, file))
  const paths = readPaths(variables)
  const git = readGit(content, variables, paths.projectDirectory, file, found)
  const runtime = readRuntime(content, file, found)
  const docker = readDocker(content, variables)
  const health = readHealthUrls(topology, variables)
  const polling = readPolling(variables)
  const policy = readPolicy(content, variables.flag('AUTO_UPDATE_PAUSE_ON_FAILURE', true))
  const problems = [...found, ...variables.problems()]
  if (problems.length > 0) return { kind: 'refused', problems, api: problems.some(keepsApiDown) ? null : api }
  return {
    kind: 'settings',
    settings: {
      api, paths, git, docker, runtime, traefik, topology, limits, gates, policy, polling,
      healthUrls: health.urls,
      warnings: [...health.warnings, ...variables.warnings()],
      secretWarnings: [],
    },
  }
}

function readPaths(env: EnvironmentReader): PathSettings {
  const stateFile = env.absolutePath('UPDATER_STATE_PATH', defaultPaths.stateFile)
  return {
    projectDirectory: env.absolutePath('PROJECT_DIR', defaultPaths.projectDirectory),
    stateFile,
    stateDirectory: stateFile.slice(0, stateFile.lastIndexOf('/')) || '/',
    routesFile: env.absolutePath('UPDATER_TRAEFIK_DYNAMIC_PATH', defaultPaths.routesFile),
  }
}

function readHealthUrls(topology: Topology, env: EnvironmentReader): { urls: Record<string, string>; warnings: string[] } {
  const urls: Record<string, string> = {}
  const warnings: string[] = []
  for (const text of (env.text('HEALTH_URLS') ?? '').split(',').map((part) => part.trim()).filter((part) => part !== '')) {
    const url = URL.canParse(text) ? new URL(text) : null
    if (url === null || !/^https?:$/.test(url.protocol)) env.refuse('HEALTH_URLS', `must be http URLs separated by commas, contains "${withoutCredentials(text)}"`)
    else {
      urls[url.hostname] = text
      if (!managedServices(topology).includes(url.hostname)) warnings.push(`environment: HEALTH_URLS names ${url.hostname}, which is no service of the topology; it is ignored`)
    }
  }
  return { urls, warnings }
}
