import { join } from 'node:path'
import { UpdaterError } from '../../rollout/errors.ts'
import type { DockerSettings } from '../settings.ts'
import { runChild } from './child.ts'
import type { ChildResult } from './child.ts'
import { readDotEnv } from './dotenv.ts'
import type { ComposeFile } from './files.ts'
import { composeWords, isAboutDotEnv } from './words.ts'

/** Docker Compose as a command, version 1 or 2: only what both understand is used. */
export interface Compose {
  /**
   * The merged and interpolated model, as YAML.
   * @throws release_refused with Compose's own words, in one line in `details.words`; compose_failed when `.env` cannot be read
   */
  config(files: readonly ComposeFile[], signal: AbortSignal): Promise<string>
  /** Creates and starts these services, nothing else. @throws compose_failed with Compose's last words */
  up(files: readonly ComposeFile[], services: readonly string[], signal: AbortSignal): Promise<void>
  /** Variables of its process, which are those that a compose file may name. */
  readonly environment: Readonly<Record<string, string>>
}

export function createCompose(settings: DockerSettings): Compose {
  const environment = minimalEnvironment(settings)
  const run = async (files: readonly ComposeFile[], args: readonly string[], signal: AbortSignal): Promise<ChildResult> => {
    const where = ['--project-directory', settings.projectDirectory, '-p', settings.project, ...files.flatMap(({ path }) => ['-f', path])]
    return await runChild({ argv: [...settings.composeCommand, ...where, ...args], directory: settings.projectDirectory, environment, limit: { name: 'limits.start', milliseconds: settings.composeCall } }, signal)
  }
  const told = async (files: readonly ComposeFile[], stderr: string): Promise<string[]> => {
    const broken = isAboutDotEnv(stderr)
    if (broken !== null) throw dotEnvBroken(broken.line)
    return composeWords(stderr, files, await readDotEnv(join(settings.projectDirectory, '.env')))
  }
  return {
    environment,
    async config(files, signal) {
      const { code, stdout, stderr } = await run(files, ['config'], signal)
      if (code === 0) return stdout
      const words = (await told(files, stderr)).join(' ').slice(0, longestWords) || 'it gave no reason'
      throw new UpdaterError('release_refused', `Compose refuses ${files.map(({ name }) => name).join(', ')}: ${words}`, { details: { words } })
    },
    async up(files, services, signal) {
      // `--no-build`, and no flag against pulling that both versions know: the caller has seen that the images are there.
      const { code, stderr } = await run(files, ['up', '-d', '--no-deps', '--no-build', ...services], signal)
      if (code === 0) return
      const lines = await told(files, stderr)
      throw new UpdaterError('compose_failed', `Compose could not start ${services.join(', ')}: ${lines.at(-1) ?? 'it gave no reason'}`, { details: { stderr: lines } })
    },
  }
}

/** No token of ours may be interpolated into a compose file. */
export function minimalEnvironment(settings: Pick<DockerSettings, 'dockerHost' | 'environment'>): Record<string, string> {
  const environment: Record<string, string> = { DOCKER_HOST: settings.dockerHost }
  for (const name of ['PATH', 'HOME', 'DOCKER_CONFIG']) {
    const value = settings.environment[name]
    if (value !== undefined) environment[name] = value
  }
  return environment
}

/** Compose's words are kept back: they quote the line. */
function dotEnvBroken(line: number | null): UpdaterError {
  return new UpdaterError('compose_failed', `Compose cannot read the .env of the project directory${line === null ? '' : `, line ${line}`}; \`docker compose config\` in the project directory says what is wrong with it.`)
}

/** Characters. */
const longestWords = 600
