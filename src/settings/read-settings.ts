import { defaultTagPattern } from '../git/tag.ts'
import { managedServices } from '../rollout/topology.ts'
import type { Topology } from '../rollout/topology.ts'
import { keepsApiDown, readApiSettings } from './api-settings.ts'
import { readConfigFile } from './config-file.ts'
import type { ReadConfig } from './config-file.ts'
import type { ConfigFile } from './config-schema.ts'
import { defaultBuildCacheLimit, defaultPaths } from './defaults.ts'
import { readSize } from './duration.ts'
import { readEnvironment } from './environment.ts'
import type { Environment, EnvironmentReader } from './environment.ts'
import { readSchedule } from './interval.ts'
import { readRemote } from './remote.ts'
import type { DockerSettings, GitSettings, PathSettings, PollingSettings, Problem, RuntimeSettings, SettingsReading } from './settings.ts'
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
  const git = readGit(content, variables, file, found)
  const runtime = readRuntime(content, file, found)
  const docker = readDocker(content, variables)
  const health = readHealthUrls(topology, variables)
  const polling = readPolling(git.remote, variables)
  const policy = readPolicy(content, variables.flag('AUTO_UPDATE_PAUSE_ON_FAILURE', true))
  const problems = [...found, ...variables.problems()]
  if (problems.length > 0) return { kind: 'refused', problems, api: problems.some(keepsApiDown) ? null : api }
  return {
    kind: 'settings',
    settings: {
      api, paths, git, docker, runtime, traefik, topology, limits, gates, policy, polling,
      healthUrls: health.urls,
      warnings: [...health.warnings, ...variables.warnings()],
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

function readGit(content: ConfigFile, env: EnvironmentReader, file: ReadConfig, found: Problem[]): GitSettings {
  const repository = env.text('AUTO_UPDATE_REPO')
  const remote = repository === null ? null : readRemote(repository)
  if (remote !== null && 'problem' in remote) env.refuse('AUTO_UPDATE_REPO', remote.problem)
  return {
    remote: remote !== null && 'url' in remote ? remote.url : null,
    token: env.hidden('GITHUB_TOKEN'),
    tagPattern: readTagPattern(content.git?.tagPattern ?? defaultTagPattern.source, file, found),
  }
}

/** Anchored, so that a pattern cannot match a part of a hostile name by oversight (fault 40). */
function readTagPattern(source: string, file: ReadConfig, found: Problem[]): RegExp {
  try {
    return new RegExp(`^(?:${source})$`)
  } catch (error) {
    found.push(file.problemAt(['git', 'tagPattern'], `must be a regular expression: ${error instanceof Error ? error.message : String(error)}`))
    return defaultTagPattern
  }
}

function readRuntime(content: ConfigFile, file: ReadConfig, found: Problem[]): RuntimeSettings {
  const { kind = 'docker', directory, hosts = {} } = content.runtime ?? {}
  if (kind === 'docker') return { kind }
  if (directory !== undefined && directory.startsWith('/')) return { kind, directory, hosts }
  found.push(file.problemAt(['runtime', 'directory'], 'must be an absolute path when runtime.kind is sandbox'))
  return { kind, directory: '/', hosts }
}

function readDocker(content: ConfigFile, env: EnvironmentReader): DockerSettings {
  const { composeCommand = ['docker', 'compose'], project = null, builder = 'buildkit', buildCacheLimit } = content.docker ?? {}
  return {
    host: env.text('DOCKER_HOST'),
    composeCommand,
    composeFiles: readComposeFiles(env),
    project: env.text('COMPOSE_PROJECT_NAME') ?? project,
    builder,
    buildCacheLimit: readSize(buildCacheLimit) ?? defaultBuildCacheLimit,
  }
}

/** A list as Compose knows it: `COMPOSE_PATH_SEPARATOR`, else `:`. */
function readComposeFiles(env: EnvironmentReader): string[] | null {
  const text = env.text('COMPOSE_FILE')
  if (text === null) return null
  const files = text.split(env.text('COMPOSE_PATH_SEPARATOR') ?? ':').map((file) => file.trim()).filter((file) => file !== '')
  if (files.length === 0 || files.includes('-')) env.refuse('COMPOSE_FILE', `must be a list of files, is "${text}"`)
  return files
}

function readPolling(remote: string | null, env: EnvironmentReader): PollingSettings {
  const schedule = readSchedule(env.text('AUTO_UPDATE_CHECK_INTERVAL_MINUTES') ?? '15')
  if (typeof schedule === 'string') env.refuse('AUTO_UPDATE_CHECK_INTERVAL_MINUTES', schedule)
  const enabled = env.flag('AUTO_UPDATE_ENABLED', false)
  if (enabled && remote === null && env.text('AUTO_UPDATE_REPO') === null) env.refuse('AUTO_UPDATE_REPO', 'must be set when AUTO_UPDATE_ENABLED is true')
  return {
    enabled,
    schedule: typeof schedule === 'string' ? { kind: 'every', milliseconds: 15 * 60_000 } : schedule,
    requireApproval: env.flag('UPDATE_REQUIRE_APPROVAL', false),
  }
}

function readHealthUrls(topology: Topology, env: EnvironmentReader): { urls: Record<string, string>; warnings: string[] } {
  const urls: Record<string, string> = {}
  const warnings: string[] = []
  for (const text of (env.text('HEALTH_URLS') ?? '').split(',').map((part) => part.trim()).filter((part) => part !== '')) {
    const url = URL.canParse(text) ? new URL(text) : null
    if (url === null || !/^https?:$/.test(url.protocol)) env.refuse('HEALTH_URLS', `must be http URLs separated by commas, contains "${text}"`)
    else {
      urls[url.hostname] = text
      if (!managedServices(topology).includes(url.hostname)) warnings.push(`environment: HEALTH_URLS names ${url.hostname}, which is no service of the topology; it is ignored`)
    }
  }
  return { urls, warnings }
}
