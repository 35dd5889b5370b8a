import type { ReadConfig } from './config-file.ts'
import type { ConfigFile } from './config-schema.ts'
import { defaultBuildCacheLimit } from './defaults.ts'
import { readSize } from './duration.ts'
import type { EnvironmentReader } from './environment.ts'
import type { DockerSettings, Problem, RuntimeSettings } from './settings.ts'

export function readDocker(content: ConfigFile, env: EnvironmentReader): DockerSettings {
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

/** Where containers run; a sandbox without an absolute directory is added to `found`. */
export function readRuntime(content: ConfigFile, { problemAt }: Pick<ReadConfig, 'problemAt'>, found: Problem[]): RuntimeSettings {
  const { kind = 'docker', directory, hosts = {} } = content.runtime ?? {}
  if (kind === 'docker') return { kind }
  if (directory !== undefined && directory.startsWith('/')) return { kind, directory, hosts }
  found.push(problemAt(['runtime', 'directory'], 'must be an absolute path when runtime.kind is sandbox'))
  return { kind, directory: '/', hosts }
}

/** A list as Compose knows it: `COMPOSE_PATH_SEPARATOR`, else `:`. */
function readComposeFiles(env: EnvironmentReader): string[] | null {
  const text = env.text('COMPOSE_FILE')
  if (text === null) return null
  const files = text.split(env.text('COMPOSE_PATH_SEPARATOR') ?? ':').map((file) => file.trim()).filter((file) => file !== '')
  if (files.length === 0 || files.includes('-')) env.refuse('COMPOSE_FILE', `must be a list of files, is "${text}"`)
  return files
}
