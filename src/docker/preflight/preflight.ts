import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UpdaterError } from '../../rollout/errors.ts'
import type { Release } from '../../rollout/model.ts'
import { readDotEnv } from '../compose/dotenv.ts'
import { composeFilesOf } from '../compose/files.ts'
import type { ComposeFile } from '../compose/files.ts'
import { includesOthers } from '../compose/includes.ts'
import type { ComposeModel } from '../compose/model.ts'
import type { Models } from '../compose/models.ts'
import { unsetVariables } from '../compose/variables.ts'
import { freeSpace, megabytes } from '../disk.ts'
import type { Engine } from '../engine.ts'
import { planBuilds } from '../images/plan.ts'
import type { DockerSettings } from '../settings.ts'
import { isSnapshot } from '../snapshot.ts'
import { bindReasons } from './bind-sources.ts'
import { buildReasons } from './build-sources.ts'
import { serviceReasons } from './services.ts'

/**
 * @param environment variables that Compose is given besides `.env`
 * @throws release_refused with every reason in its message and in `details.reasons`; disk_full
 */
export async function preflight(
  engine: Engine, models: Models, environment: Readonly<Record<string, string>>, settings: DockerSettings, release: Release, services: readonly string[], needBytes: number, signal: AbortSignal,
): Promise<void> {
  const reasons = await refusals(models, environment, settings, release, services, signal)
  if (reasons.length > 0) {
    throw new UpdaterError('release_refused', `${release.tag} cannot run here: ${reasons.join('; ')}.`, { details: { reasons } })
  }
  const free = await freeSpace(engine, signal)
  if (free === null) {
    settings.log.info('free space of the engine is not visible here; not checked')
  } else if (free.bytes < needBytes) {
    throw new UpdaterError('disk_full', `${megabytes(free.bytes)} are free in ${free.directory}, but the last builds took ${megabytes(needBytes)}; make room on the engine's disk.`, { details: { directory: free.directory, freeBytes: free.bytes, needBytes } })
  }
}

async function refusals(
  models: Models, environment: Readonly<Record<string, string>>, settings: DockerSettings, release: Release, services: readonly string[], signal: AbortSignal,
): Promise<string[]> {
  const files = await composeFilesOf(settings, release.commit)
  const perFile = await fileReasons(environment, settings, files)
  const model = await modelOrReason(models, files, signal)
  // What Compose says to an unset variable is told already, and better.
  if (typeof model === 'string') return perFile.length > 0 ? perFile : [model]

  const named = services.flatMap((name) => model.get(name) ?? [])
  const lacking = services.filter((name) => !model.has(name)).map((name) => `the compose files have no service ${name}`)
  const checkout = join(settings.releasesDirectory, release.commit)
  const perService = await Promise.all(
    named.map(async (service) => [
      ...serviceReasons(service),
      ...(await bindReasons(service, settings, checkout)),
      ...((await isSnapshot(settings.releasesDirectory, release.commit)) ? [] : await buildReasons(service, settings.projectDirectory, checkout)),
    ]),
  )
  const reasons = [...perFile, ...lacking, ...perService.flat()]
  return reasons.length > 0 ? reasons : planReasons(settings, model, release, services)
}

/** What the files say before Compose has merged them. */
async function fileReasons(environment: Readonly<Record<string, string>>, settings: DockerSettings, files: readonly ComposeFile[]): Promise<string[]> {
  const known = new Map([
    ...Object.entries(environment),
    ['COMPOSE_PROJECT_NAME', settings.project] as const,
    ...(await readDotEnv(join(settings.projectDirectory, '.env'))),
  ])
  const reasons = await Promise.all(
    files.map(async ({ name, path }) => {
      const text = await readFile(path, 'utf8')
      const includes = includesOthers(text) ? [`${name} includes other files, which the updater does not follow; list them in COMPOSE_FILE`] : []
      return [...includes, ...unsetVariables(text, known).map((variable) => `${name} wants the variable ${variable}, which .env does not set`)]
    }),
  )
  return reasons.flat()
}

async function modelOrReason(models: Models, files: readonly ComposeFile[], signal: AbortSignal): Promise<ComposeModel | string> {
  try {
    return await models.read(files, signal)
  } catch (error) {
    if (error instanceof UpdaterError && error.code === 'release_refused') return error.message
    throw error
  }
}

/** What only the plan as a whole shows: two images under one name. */
function planReasons(settings: DockerSettings, model: ComposeModel, release: Release, services: readonly string[]): string[] {
  try {
    planBuilds(settings, model, release, services.filter((name) => model.get(name)?.build !== null))
    return []
  } catch (error) {
    if (error instanceof UpdaterError && error.code === 'release_refused') return [error.message.replace(/\.$/, '')]
    throw error
  }
}
