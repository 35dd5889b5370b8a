import { mkdir, statfs } from 'node:fs/promises'
import { UpdaterError, sentenceOf } from '../rollout/errors.ts'
import type { Release } from '../rollout/model.ts'
import type { ComposeProject } from './compose/compose-project.ts'

/**
 * Refuses a release that the sandbox cannot run: a missing service, an unset variable, no usable `x-sandbox`. Mounts,
 * build contexts and limits mean nothing to plain processes and are not looked at. @throws release_refused with all reasons
 */
export function refuseUnsoundRelease(release: Release, project: ComposeProject, services: readonly string[]): void {
  const reasons = [...project.unset.required, ...[...project.unset.blank].map((name) => `the variable ${name} is not set`)]
  for (const name of services) {
    try {
      project.service(name)
    } catch (error) {
      reasons.push(sentenceOf(error))
    }
  }
  if (reasons.length > 0) {
    throw new UpdaterError('release_refused', `Release ${release.tag} cannot run here: ${reasons.join('; ')}. Nothing was changed.`, { details: { reasons } })
  }
}

/** @throws disk_full when the sandbox's disk has less than this left */
export async function refuseFullDisk(directory: string, needBytes: number): Promise<void> {
  await mkdir(directory, { recursive: true })
  const { bavail, bsize } = await statfs(directory)
  if (bavail * bsize < needBytes) {
    throw new UpdaterError('disk_full', `The disk of ${directory} has ${bavail * bsize} bytes left and a build may need ${needBytes}: make room. Nothing was changed.`)
  }
}
