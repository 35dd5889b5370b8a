import { join, relative, resolve } from 'node:path'
import { printable } from '../../compose-file/printable.ts'
import { environmentFiles, fileReasons, servicesIn } from '../../compose-file/reasons.ts'
import { placeOf } from '../../compose-file/source.ts'
import { textOf } from '../../compose-file/spots.ts'
import { UpdaterError } from '../../rollout/errors.ts'
import type { Release } from '../../rollout/model.ts'
import { readDotEnv } from '../compose/dotenv.ts'
import type { ComposeFile } from '../compose/files.ts'
import type { ComposeModel } from '../compose/model.ts'
import type { Models } from '../compose/models.ts'
import { freeSpace, megabytes } from '../disk.ts'
import type { Engine } from '../engine.ts'
import { planBuilds } from '../images/plan.ts'
import { findShared } from '../own-container.ts'
import type { DockerSettings } from '../settings.ts'
import { isSnapshot } from '../snapshot-mark.ts'
import { bindReasons, isTracked } from './bind-sources.ts'
import type { Places } from './bind-sources.ts'
import { buildReasons } from './build-sources.ts'
import { composeReason } from './compose-refusal.ts'
import { colorReasons, serviceReasons } from './services.ts'
import { readSources } from './sources.ts'
import type { OwnedSource } from './sources.ts'

/**
 * @param environment variables that Compose is given besides `.env`
 * @throws release_refused with every reason in its message and in `details.reasons`, each with file, line and column where they
 * are known; compose_failed when only the operator's own files are to blame; disk_full
 */
export async function preflight(
  engine: Engine, models: Models, environment: Readonly<Record<string, string>>, settings: DockerSettings, release: Release, services: readonly string[], needBytes: number, signal: AbortSignal,
): Promise<void> {
  const files = await models.filesToCheck(release)
  const sources = await readSources(files, settings.projectDirectory, release.tag)
  const told = await fileReasonsOf(environment, settings, sources)
  const readable = sources.every(({ errors }) => errors.length === 0)
  const merged = readable ? await mergedReasons(models, await placesOf(engine, settings, signal), files, sources, release, services, told.length === 0, signal) : []
  if (told.length + merged.length > 0) {
    // An operator's own file that is broken is no fault of the release.
    const code = merged.length === 0 && told.every(({ origin }) => origin === 'project') ? 'compose_failed' : 'release_refused'
    const reasons = shortened([...told.map(({ reason }) => reason), ...merged.map(printable)])
    throw new UpdaterError(code, `${release.tag} cannot run here: ${reasons.join('; ')}.`, { details: { reasons } })
  }
  const free = await freeSpace(engine, signal)
  if (free === null) {
    settings.log.info('free space of the engine is not visible here; not checked')
  } else if (free.bytes < needBytes) {
    throw new UpdaterError('disk_full', `${megabytes(free.bytes)} are free in ${free.directory}, but the last builds took ${megabytes(needBytes)}; make room on the engine's disk.`, { details: { directory: free.directory, freeBytes: free.bytes, needBytes } })
  }
}

/** The record keeps them, more than once, for as long as the commit is in quarantine: what nobody reads is left out (I9). */
function shortened(reasons: readonly string[]): string[] {
  const read = reasons.slice(0, mostReasons).map((reason) => (reason.length > longestReason ? `${reason.slice(0, longestReason)}…` : reason))
  return reasons.length > mostReasons ? [...read, `and ${reasons.length - mostReasons} more`] : read
}

const mostReasons = 50
/** Characters. */
const longestReason = 1_000

async function placesOf(engine: Engine, settings: DockerSettings, signal: AbortSignal): Promise<Places> {
  const { sharedDirectories } = settings
  return { ...settings, sharedDirectories: sharedDirectories === 'mounted' ? await findShared(engine, signal) : sharedDirectories }
}

/** What the files say before Compose has merged them. */
async function fileReasonsOf(environment: Readonly<Record<string, string>>, settings: DockerSettings, sources: readonly OwnedSource[]): Promise<{ readonly origin: OwnedSource['origin']; readonly reason: string }[]> {
  const known = new Map([
    ...Object.entries(environment),
    ['COMPOSE_PROJECT_NAME', settings.project] as const,
    ...(await readDotEnv(join(settings.projectDirectory, '.env'))),
  ])
  return sources.flatMap((source) => fileReasons(source, known).map((reason) => ({ origin: source.origin, reason })))
}

/** What they make together. What Compose says to files with reasons of their own is told by these already, and better. */
async function mergedReasons(
  models: Models, settings: Places, files: readonly ComposeFile[], sources: readonly OwnedSource[], release: Release, services: readonly string[], isNews: boolean, signal: AbortSignal,
): Promise<string[]> {
  try {
    return await modelReasons(settings, await models.read(files, signal), files, sources, release, services)
  } catch (error) {
    const words = error instanceof UpdaterError && error.code === 'release_refused' ? error.details['words'] : undefined
    if (typeof words !== 'string') throw error
    return isNews ? [composeReason(words, sources)] : []
  }
}

async function modelReasons(
  settings: Places, model: ComposeModel, files: readonly ComposeFile[], sources: readonly OwnedSource[], release: Release, services: readonly string[],
): Promise<string[]> {
  const named = services.flatMap((name) => model.get(name) ?? [])
  const lacking = services.filter((name) => !model.has(name)).map((name) => `${placeOf(sources, ['services'])}: there is no service ${name}`)
  const checkout = join(settings.releasesDirectory, release.commit)
  const hasSources = !(await isSnapshot(settings.releasesDirectory, release.commit))
  const perService = await Promise.all(
    named.map(async (service) => [
      ...serviceReasons(service, sources),
      ...(await bindReasons(service, sources, settings, checkout)),
      ...(hasSources ? await buildReasons(service, sources, settings.projectDirectory, checkout) : []),
    ]),
  )
  const fromTree = files.some(({ origin }) => origin === 'release') ? await environmentReasons(sources, services, settings.projectDirectory, checkout) : []
  const reasons = [...lacking, ...perService.flat(), ...settings.colors.flatMap((pair) => colorReasons(pair, model, sources)), ...fromTree]
  return reasons.length > 0 ? reasons : planReasons(settings, model, sources, release, services)
}

/** Compose reads these from the working tree, which is at another release until after the commit point. */
async function environmentReasons(sources: readonly OwnedSource[], services: readonly string[], projectDirectory: string, checkout: string): Promise<string[]> {
  const found = sources.flatMap((source) =>
    servicesIn(source).filter(([name]) => services.includes(name)).flatMap(([name, service]) =>
      environmentFiles(service).map((spot) => ({ name, file: textOf(spot) ?? '', place: source.place(spot.offset) }))),
  )
  const tracked = await Promise.all(found.map(({ file }) => isTracked(checkout, relative(projectDirectory, resolve(projectDirectory, file)))))
  return found.filter((_, index) => tracked[index] === true).map(({ name, file, place }) =>
    `${place}: ${name} takes variables from ${file}, which the release tracks and which would be read from the working tree; write them into the compose file, or name a file that is not in the repository`)
}

/** What only the plan as a whole shows: two images under one name. */
function planReasons(settings: DockerSettings, model: ComposeModel, sources: readonly OwnedSource[], release: Release, services: readonly string[]): string[] {
  try {
    planBuilds(settings, model, release, services.filter((name) => model.get(name)?.build !== null))
    return []
  } catch (error) {
    if (!(error instanceof UpdaterError && error.code === 'release_refused')) throw error
    const { service } = error.details
    return [`${placeOf(sources, ['services', String(service), 'image'])}: ${error.message.replace(/\.$/, '')}`]
  }
}
