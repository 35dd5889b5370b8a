import { UpdaterError } from '../rollout/errors.ts'
import { amountOf, type Check } from './check.ts'
import { notChecked, ok, warning, wrong, type Judgement } from './finding.ts'
import type { EngineView, Installation, Known } from './installation.ts'

/** The engine, Compose, the room that both need, and whether they see the project where this process does. */
export function engineChecks({ engine, projectDirectory }: Installation, { lastBuildBytes }: Known): Check[] {
  const asked = (look: (engine: EngineView, signal: AbortSignal) => Promise<Judgement>): Check['look'] =>
    (signal) => engine === null ? Promise.resolve(notChecked(noEngine)) : look(engine, signal)
  return [
    { id: 'engine', look: asked(reachable), mend: 'Start the engine, and see that its socket is mounted into the updater and that the updater is in its group.' },
    { id: 'compose', look: asked(composed), mend: 'Install Docker Compose for the updater, or name the right command as docker.composeCommand in config/updater.yml.' },
    { id: 'project_mount', look: asked((engine, signal) => ifItAnswers(projectMount(engine, projectDirectory, signal))), mend: afterEngine },
    { id: 'engine_disk', look: asked((engine, signal) => ifItAnswers(engineDisk(engine, lastBuildBytes, signal))), mend: afterEngine },
  ]
}

const noEngine = 'This stack runs as plain processes, without an engine.'

const afterEngine = 'Look at the finding about the engine first.'

/** An engine that does not answer is one finding, not many. */
async function ifItAnswers(look: Promise<Judgement>): Promise<Judgement> {
  try {
    return await look
  } catch (error) {
    if (error instanceof UpdaterError && error.code === 'engine_unreachable') return notChecked('The engine does not answer.', afterEngine)
    throw error
  }
}

async function reachable(engine: EngineView, signal: AbortSignal): Promise<Judgement> {
  const { version } = await engine.describe(signal)
  return ok(`Docker Engine ${version} answers.`)
}

async function composed(engine: EngineView, signal: AbortSignal): Promise<Judgement> {
  return ok(`Docker Compose ${await engine.composeVersion(signal)} answers.`)
}

/** Compose hands the engine paths as this process sees them, and the engine takes them for the host's (fault 33). @throws engine_unreachable, engine_failed */
export async function projectMount(engine: EngineView, directory: string, signal: AbortSignal): Promise<Judgement> {
  const mounted = await engine.mounted(directory, signal)
  const mend = `Mount the project into the updater at the path that it has on the host, writable, and set PROJECT_DIR to it.`
  switch (mounted.kind) {
    case 'host':
      return ok(`${directory} is the host's own path: no container is around the updater.`)
    case 'unknown':
      return notChecked('The updater runs in a container that the engine does not know, so its mounts cannot be read.', mend)
    case 'not_mounted':
      return wrong(`${directory} is not mounted from the host, so Compose and the engine mean different directories by it.`, mend)
    case 'mounted':
      if (mounted.hostPath !== directory) return wrong(`${directory} is ${mounted.hostPath} on the host, so Compose and the engine mean different directories by one path.`, mend)
      // Releases are rolled out all the same: that the tree stays behind is a warning there too.
      if (!mounted.writable) return warning(`${directory} is mounted read-only, so it cannot be brought to a new release.`, mend)
      return ok(`${directory} is mounted at the host's own path.`)
  }
}

async function engineDisk(engine: EngineView, lastBuildBytes: number, signal: AbortSignal): Promise<Judgement> {
  const free = await engine.freeSpace(signal)
  if (free === null) return notChecked("The engine's disk cannot be seen from here.", "Watch the disk of the engine's host yourself: rollouts do not ask for its space.")
  const found = `${amountOf(free.bytes)} are free in ${free.directory}.`
  const mend = 'Make room on the disk of the engine, such as with docker builder prune and by removing images that nothing uses.'
  if (free.bytes < roomForContainer) return wrong(`${found} A container that is stopped might not come back.`, mend)
  if (free.bytes < lastBuildBytes) return wrong(`${found} The last build took ${amountOf(lastBuildBytes)}: the next release will be refused.`, mend)
  return free.bytes < roomForBuild ? warning(found, mend) : ok(found)
}

/** Below it no bot is stopped (src/docker/disk.ts). */
const roomForContainer = 32 * 1024 ** 2
/** What a small release's images take. */
const roomForBuild = 1e9
