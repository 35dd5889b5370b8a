import { access, cp, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type ErrorCode, UpdaterError, sentenceOf } from '../rollout/errors.ts'
import type { Release } from '../rollout/model.ts'
import { type ComposeProject, readComposeProject } from './compose/compose-project.ts'
import type { YamlParser } from './compose/yaml-parser.ts'
import { isMissing } from './whole-file.ts'

/** Where releases and the operator's project are. */
export interface ReleasePlaces {
  /** The sandbox's own directory; what was adopted is kept there. */
  readonly directory: string
  readonly releasesDirectory: string
  readonly projectDirectory: string
  readonly composeFiles: readonly string[]
  readonly parse: YamlParser
}

/** Directory of a release's files: its own, or the kept compose files of what was adopted. */
export async function releaseDirectory(places: ReleasePlaces, commit: string): Promise<string> {
  const adopted = adoptedDirectory(places, commit)
  return (await exists(adopted)) ? adopted : join(places.releasesDirectory, commit)
}

/** @param code of the failure that an unreadable file, or (but for preflight) a required variable without value, is told with */
export async function readRelease(places: ReleasePlaces, release: Release, code: ErrorCode): Promise<ComposeProject> {
  try {
    return await readComposeProject({ release: await releaseDirectory(places, release.commit), project: places.projectDirectory, files: places.composeFiles, parse: places.parse })
  } catch (error) {
    throw new UpdaterError(code, `The compose files of ${release.tag} cannot be used: ${sentenceOf(error)}`, { cause: error })
  }
}

/** Keeps the project's compose files as the adopted release's own; whole or not at all. */
export async function keepComposeFiles(places: ReleasePlaces, commit: string): Promise<void> {
  const kept = adoptedDirectory(places, commit)
  if (await exists(kept)) return
  const begun = `${kept}.${process.hrtime.bigint()}.tmp`
  await mkdir(begun, { recursive: true })
  for (const file of places.composeFiles) {
    const source = join(places.projectDirectory, file)
    if (await exists(source)) await cp(source, join(begun, file))
  }
  await rename(begun, kept).catch(async (error: unknown) => {
    await rm(begun, { recursive: true, force: true })
    throw error
  })
}

function adoptedDirectory({ directory }: ReleasePlaces, commit: string): string {
  return join(directory, 'adopted', commit)
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}
