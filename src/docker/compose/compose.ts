import { UpdaterError } from '../../rollout/errors.ts'
import type { DockerSettings } from '../settings.ts'
import { runChild } from './child.ts'
import type { ChildResult } from './child.ts'
import type { ComposeFile } from './files.ts'

/** Docker Compose as a command, version 1 or 2: only what both understand is used. */
export interface Compose {
  /** The merged and interpolated model, as YAML. @throws release_refused with Compose's own words */
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
  return {
    environment,
    async config(files, signal) {
      const { code, stdout, stderr } = await run(files, ['config'], signal)
      if (code === 0) return stdout
      throw new UpdaterError('release_refused', `Compose refuses ${files.map(({ name }) => name).join(', ')}: ${lastLine(stderr)}`, { details: { stderr: lastLines(stderr) } })
    },
    async up(files, services, signal) {
      // `--no-build`, and no flag against pulling that both versions know: the caller has seen that the images are there.
      const { code, stderr } = await run(files, ['up', '-d', '--no-deps', '--no-build', ...services], signal)
      if (code !== 0) throw new UpdaterError('compose_failed', `Compose could not start ${services.join(', ')}: ${lastLine(stderr)}`, { details: { stderr: lastLines(stderr) } })
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

function lastLines(stderr: string): string[] {
  return stderr.split('\n').map((line) => line.trimEnd()).filter((line) => line !== '').slice(-50)
}

function lastLine(stderr: string): string {
  return lastLines(stderr).at(-1)?.trim() ?? 'it gave no reason'
}
