import { mkdir, statfs } from 'node:fs/promises'
import { printable } from '../compose-file/printable.ts'
import { fileReasons } from '../compose-file/reasons.ts'
import { type ComposeSource, placeOf } from '../compose-file/source.ts'
import { UpdaterError, sentenceOf } from '../rollout/errors.ts'
import type { Release } from '../rollout/model.ts'
import { type ComposeProject, readComposeSources, readVariables } from './compose/compose-project.ts'
import { type ReleasePlaces, readRelease, releaseDirectory } from './release-files.ts'

/**
 * Refuses a release that the sandbox cannot run: files that do not parse, a missing service, an unset variable, no usable `x-sandbox`.
 * Mounts, build contexts and limits mean nothing to plain processes and are not looked at.
 * @throws release_refused with all reasons, each with its file, line and column
 */
export async function refuseUnsoundRelease(places: ReleasePlaces, release: Release, services: readonly string[]): Promise<void> {
  const known = new Map(Object.entries(await readVariables(places.projectDirectory)))
  const sources = await readComposeSources({ release: await releaseDirectory(places, release.commit), project: places.projectDirectory, files: places.composeFiles }, release.tag)
  const reasons = sources.flatMap((source) => fileReasons(source, known))
  if (sources.every(({ errors }) => errors.length === 0)) reasons.push(...serviceReasons(await readRelease(places, release, 'release_refused'), sources, services).map(printable))
  if (reasons.length > 0) {
    throw new UpdaterError('release_refused', `${release.tag} cannot run here: ${reasons.join('; ')}. Nothing was changed.`, { details: { reasons } })
  }
}

function serviceReasons(project: ComposeProject, sources: readonly ComposeSource[], services: readonly string[]): string[] {
  return services.flatMap((name) => {
    if (!project.services.includes(name)) return [`${placeOf(sources, ['services'])}: there is no service ${name}`]
    try {
      project.service(name)
      return []
    } catch (error) {
      return [`${placeOf(sources, ['services', name])}: ${sentenceOf(error)}`]
    }
  })
}

/** @throws disk_full when the sandbox's disk has less than this left */
export async function refuseFullDisk(directory: string, needBytes: number): Promise<void> {
  await mkdir(directory, { recursive: true })
  const { bavail, bsize } = await statfs(directory)
  if (bavail * bsize < needBytes) {
    throw new UpdaterError('disk_full', `The disk of ${directory} has ${bavail * bsize} bytes left and a build may need ${needBytes}: make room. Nothing was changed.`)
  }
}
