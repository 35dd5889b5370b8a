import { mkdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { UpdaterError, sentenceOf } from './rollout/errors.ts'
import type { Ports } from './rollout/context.ts'
import type { Authority, Clock, ContainerRuntime, Log, ReleaseSource } from './rollout/ports.ts'
import { createGitSource } from './git/git-source.ts'
import type { ArchiveSource } from './git/archive.ts'
import type { HostTable } from './sandbox/host-table.ts'
import { createPolling, type Polling } from './polling/polling.ts'
import { createHealthProbe } from './probes/health-probe.ts'
import type { PathSettings, Settings } from './settings/settings.ts'
import { createHistoryStore } from './storage/history-store.ts'
import { takeHand } from './storage/lock.ts'
import { createNodeFiles } from './storage/node-files.ts'
import { createRecordStore } from './storage/record-store.ts'
import { createSpaceReserve, type SpaceReserve } from './storage/space-reserve.ts'
import { createSystemRandom } from './storage/system-random.ts'
import { checkRoutesPlace } from './traefik/routes-place.ts'
import { createTraefikRouter } from './traefik/traefik-router.ts'
import { Updater } from './updater/updater.ts'

/** The daemon's parts, wired and not yet started. */
export interface World {
  readonly updater: Updater
  readonly polling: Polling
  /** Gives up the right to change the world and closes what is open. */
  close(): Promise<void>
}

/** What adapters are made of. */
export interface Outside {
  readonly settings: Settings
  readonly clock: Clock
  readonly log: Log
  /** Environment of this process, of which child processes get a handful. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** What `main` has made already. */
export interface WorldParts extends Outside {
  /** Why nothing may be changed now; asked each time. Null: nothing speaks against it. */
  readonly observing: () => string | null
  /** Another daemon took over: this process must end at once. */
  readonly authorityLost: (error: Error) => void
}

/**
 * Picks the adapters that the settings ask for and wires them. The only place that knows all of them.
 * @throws authority_lost when another updater works on this state directory or stack; storage_failed when a directory cannot be used
 */
export async function createWorld(parts: WorldParts): Promise<World> {
  const { settings, clock, log } = parts
  const { paths, limits } = settings
  const stagingDirectory = stagingDirectoryOf(paths)
  for (const directory of [paths.stateDirectory, dirname(paths.routesFile), stagingDirectory]) await makeDirectory(directory)

  const hand = await takeHand({ stateDirectory: paths.stateDirectory, routesPath: paths.routesFile })
  const files = createNodeFiles()
  const reserve = createSpaceReserve({ path: join(paths.stateDirectory, 'updater-reserve'), files, log })
  const ports = await createPorts(parts, hand, reserve)
  const misplaced = await checkRoutesPlace({ routesPath: paths.routesFile, stagingDirectory })
  const polling: { current: Polling | null } = { current: null }
  const updater = new Updater({
    ports,
    store: createRecordStore({ path: paths.stateFile, files, random: ports.random, log, reserve, authority: hand }),
    settings,
    watchInterval,
    observing: () => parts.observing() ?? misplaced,
    authorityLost: parts.authorityLost,
    polling: () => polling.current?.status() ?? { enabled: settings.polling.enabled, lastLookAt: null, nextLookAt: null, newest: null, outcome: null },
  })
  polling.current = createPolling({
    source: ports.source,
    updater,
    ...settings.polling,
    lookLimit: limits.git,
    clock,
    log,
    inspectTags: (tags) => updater.inspectTags(tags),
    onChecked: (at) => updater.checked(at),
  })
  return {
    updater,
    polling: polling.current,
    async close() {
      await hand.release()
    },
  }
}

/**
 * The outside as the settings name it. Nothing is connected or changed by making it.
 * @param authority asked before every change; one that always refuses makes of it a look
 * @param reserve space that the history may use on a full disk
 */
export async function createPorts(parts: Outside, authority: Authority, reserve?: SpaceReserve): Promise<Ports> {
  const { settings, clock, log } = parts
  const { paths, limits } = settings
  const files = createNodeFiles()
  const random = createSystemRandom()
  const source = createGitSource({
    // Without a remote of its own the project directory's repository is asked: its tags are what the operator fetched.
    remote: settings.git.remote ?? paths.projectDirectory,
    ...(settings.git.token === null ? {} : { token: settings.git.token.reveal() }),
    stateDirectory: paths.stateDirectory,
    projectDirectory: paths.projectDirectory,
    tagPattern: settings.git.tagPattern,
    allowedSigners: settings.git.allowedSigners,
    limit: limits.git,
    log,
    environment: parts.environment,
  })
  return {
    source,
    runtime: await createRuntime(parts, source),
    router: createTraefikRouter({ routesPath: paths.routesFile, stagingDirectory: stagingDirectoryOf(paths), files, authority }),
    probe: createHealthProbe({
      entryPoints: settings.traefik.entryPoints,
      preview: settings.traefik.preview,
      healthUrls: Object.values(settings.healthUrls),
      limit: limits.probe,
    }),
    history: createHistoryStore({ path: join(paths.stateDirectory, 'updater-history.jsonl'), files, random, log, ...(reserve && { reserve }) }),
    clock,
    random,
    authority,
    log,
  }
}

/** Beside the directory that Traefik watches, on its mount. */
export function stagingDirectoryOf({ routesFile }: Pick<PathSettings, 'routesFile'>): string {
  return join(dirname(dirname(routesFile)), '.staging')
}

/** @throws storage_failed */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true })
  } catch (error) {
    throw new UpdaterError('storage_failed', `The directory ${path} cannot be made (${sentenceOf(error)}). It is tried again until it can.`, { cause: error })
  }
}

/** Between two looks at the stack when idle, ms (design.md, "Recovery"). */
const watchInterval = 10_000

/** The engine's adapter is loaded only when it is used: the sandbox starts without it, and the API before it. */
async function createRuntime(parts: Outside, source: ReleaseSource & ArchiveSource): Promise<ContainerRuntime> {
  const { settings, clock, log } = parts
  const { paths, docker, limits, runtime } = settings
  const releasesDirectory = join(paths.stateDirectory, 'releases')
  if (runtime.kind === 'sandbox') {
    const { createSandboxRuntime } = await import('./sandbox/runtime.ts')
    return createSandboxRuntime({
      directory: runtime.directory,
      releasesDirectory,
      projectDirectory: paths.projectDirectory,
      composeFiles: docker.composeFiles ?? ['docker-compose.yml'],
      supervisor: join(__dirname, 'sandbox-supervisor.cjs'),
      hosts: hostTableOf(runtime.hosts),
      log,
      clock,
    })
  }
  const { createDockerRuntime } = await import('./docker/docker-runtime.ts')
  return createDockerRuntime({
    ...(docker.host === null ? {} : { dockerHost: docker.host }),
    composeCommand: docker.composeCommand,
    environment: parts.environment,
    project: docker.project ?? projectNameOf(paths.projectDirectory),
    projectDirectory: paths.projectDirectory,
    composeFiles: docker.composeFiles,
    isForeignProject: foreignProjectOf(source, limits.git),
    releasesDirectory,
    archive: source.archive,
    builder: docker.builder,
    engineCall: limits.engineCall,
    composeCall: limits.start,
    build: limits.beforeSwitch,
    buildCacheLimit: docker.buildCacheLimit,
    sharedDirectories: 'mounted',
    colors: settings.topology.groups.map(({ services: { blue, green } }) => [blue, green]),
    log,
  })
}

/** The docker adapter keeps what it is told. That it is foreign is not sure as long as nothing of the release's history is here to compare with. */
function foreignProjectOf(source: ReleaseSource, limit: number): (commit: string) => Promise<{ foreign: boolean; sure: boolean }> {
  return async (commit) => {
    const signal = AbortSignal.timeout(limit)
    const foreign = (await source.describeTree(signal)).kind === 'foreign'
    return { foreign, sure: !foreign || (await source.has(commit, signal)) }
  }
}

/** `name:port` → `host:port`, as the settings have it. */
function hostTableOf(hosts: Readonly<Record<string, string>>): HostTable {
  const table: Record<string, Record<number, { host: string; port: number }>> = {}
  for (const [from, to] of Object.entries(hosts)) {
    const [name = '', port] = from.split(':')
    const [host = '', localPort] = to.split(':')
    table[name] = { ...table[name], [Number(port)]: { host, port: Number(localPort) } }
  }
  return table
}

/** Compose's own rule for a project without a name. */
export function projectNameOf(directory: string): string {
  return basename(directory).toLowerCase().replace(/[^a-z0-9_-]/g, '').replace(/^[_-]+/, '')
}
