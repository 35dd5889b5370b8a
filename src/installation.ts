import { access, constants, readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { readDiskUsage } from './api/disk-usage.ts'
import type { EngineView, Installation, Permissions } from './diagnosis/installation.ts'
import { dockerDefaults } from './docker/settings.ts'
import { remoteSkew } from './git/remote-clock.ts'
import { UpdaterError } from './rollout/errors.ts'
import type { Environment } from './settings/environment.ts'
import { dotEnvExposure, exposuresOf, weaknessOf } from './settings/secret-warnings.ts'
import type { Settings } from './settings/settings.ts'
import { checkRoutesPlace } from './traefik/routes-place.ts'
import { projectNameOf, stagingDirectoryOf } from './world.ts'

/** Machine and installation as the checks look at them, through the same adapters that the updater works with. */
export function createInstallation(settings: Settings, environment: Environment): Installation {
  const { paths, docker, api, git } = settings
  const stagingDirectory = stagingDirectoryOf(paths)
  return {
    engine: settings.runtime.kind === 'docker' ? engineOf(settings, environment) : null,
    settingsWarnings: settings.warnings,
    projectDirectory: resolve(paths.projectDirectory),
    stateDirectory: paths.stateDirectory,
    secret: {
      source: api.secret.value === null ? 'file' : 'environment', path: api.secret.path, group: api.secret.group,
      exposures: () => exposuresOf(api.secret),
      weakness: () => weaknessOf(api.secret),
    },
    dotEnvExposure: () => dotEnvExposure(paths.projectDirectory),
    dockerHost: docker.host ?? dockerDefaults.dockerHost,
    permissions,
    routesPlace: () => checkRoutesPlace({ routesPath: paths.routesFile, stagingDirectory }),
    freeBytes,
    stagedFiles: async () => [
      ...(await oldFiles(stagingDirectory, /^routes-.*\.yml(\.tmp)?$/)),
      ...(await oldFiles(paths.stateDirectory, /\.tmp-/)),
    ],
    remoteSkew: async (signal) => (git.remote === null ? null : remoteSkew(git.remote, signal)),
  }
}

/** The adapter is loaded at the first look: the API need not wait for it. */
function engineOf({ docker, paths, limits }: Settings, environment: Environment): EngineView {
  let view: Promise<EngineView> | null = null
  const load = (): Promise<EngineView> => {
    view ??= import('./docker/engine-view.ts').then(({ createEngineView }) => createEngineView({
      dockerHost: docker.host ?? dockerDefaults.dockerHost,
      composeCommand: docker.composeCommand,
      environment,
      project: docker.project ?? projectNameOf(paths.projectDirectory),
      projectDirectory: paths.projectDirectory,
      engineCall: limits.engineCall,
    }))
    return view
  }
  return {
    describe: async (signal) => (await load()).describe(signal),
    composeVersion: async (signal) => (await load()).composeVersion(signal),
    freeSpace: async (signal) => (await load()).freeSpace(signal),
    mounted: async (path, signal) => (await load()).mounted(path, signal),
    keptImages: async (signal) => (await load()).keptImages(signal),
  }
}

async function permissions(path: string): Promise<Permissions | null> {
  const found = await stat(path).catch(nullIfMissing)
  if (found === null) return null
  const may = (how: number): Promise<boolean> => access(path, how).then(() => true, () => false)
  return {
    kind: found.isFile() ? 'file' : found.isDirectory() ? 'directory' : found.isSocket() ? 'socket' : 'other',
    mode: found.mode & 0o777,
    group: found.gid,
    readable: await may(constants.R_OK),
    writable: await may(constants.W_OK),
  }
}

/** @throws storage_failed */
async function freeBytes(path: string): Promise<number> {
  const [usage] = await readDiskUsage([path])
  const bytes = usage?.free_bytes ?? null
  if (bytes !== null) return bytes
  throw new UpdaterError('storage_failed', `The disk of ${path} cannot be asked: ${usage?.problem ?? 'it gave no reason'}.`)
}

/** Older than any write takes; a younger one may be in the hands of whoever writes it. */
async function oldFiles(directory: string, pattern: RegExp): Promise<string[]> {
  const names = (await readdir(directory).catch(nullIfMissing)) ?? []
  const found = await Promise.all(names.filter((name) => pattern.test(name)).map(async (name) => {
    const file = await stat(join(directory, name)).catch(nullIfMissing)
    return file !== null && Date.now() - file.mtimeMs > writesTake ? [name] : []
  }))
  return found.flat()
}

const writesTake = 10_000

function nullIfMissing(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
  throw error
}
