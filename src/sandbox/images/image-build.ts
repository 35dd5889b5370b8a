import { createHash } from 'node:crypto'
import { cp, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UpdaterError } from '../../rollout/errors.ts'
import type { BuildProgress, Release } from '../../rollout/model.ts'
import { buildKey, type SandboxService } from '../compose/sandbox-service.ts'
import type { ImageStore } from './image-store.ts'
import { runBuildCommand } from './run-build-command.ts'

/** One image to be made. */
export interface ImageBuild {
  readonly service: SandboxService
  readonly release: Release
  /** Directory of the release's files. */
  readonly source: string
  /** Carried by the build's processes, so that an aborted daemon's leftovers can be found. */
  readonly nonce: string
  readonly onProgress: (progress: BuildProgress) => void
}

/** The tag of a release's image. */
export function releaseTag(image: string, commit: string): string {
  return `${image}:${commit.slice(0, 12)}`
}

/** Whether the release's image is there already: same commit, same way of building it. What was adopted cannot be built. */
export async function isBuilt(store: ImageStore, service: SandboxService, release: Release): Promise<boolean> {
  const image = await store.find(releaseTag(service.image, release.commit))
  if (image === null) return false
  return release.commit.startsWith('adopted-') || (image.commit === release.commit && image.buildKey === buildKey(service))
}

/**
 * Copies the release, runs the service's build commands in the copy, and makes it an image with its release tag.
 * @returns the space it takes, bytes
 * @throws build_failed with the last lines; the signal's reason when aborted, with all of the build's processes gone
 */
export async function buildImage(store: ImageStore, build: ImageBuild, signal: AbortSignal): Promise<number> {
  const { service, release, source } = build
  const key = buildKey(service)
  const id = createHash('sha256').update(JSON.stringify([service.image, release.commit, key])).digest('hex')
  const begun = await store.beginImage(service.image, id)
  try {
    const root = join(begun, 'root')
    await copyRelease(source, root, release)
    for (const argv of service.build) await runBuildCommand({ argv, cwd: root, ...build, service: service.name }, signal)
    const bytes = await sizeOf(root)
    await store.finishImage({ id, name: service.image, commit: release.commit, version: release.version, buildKey: key }, begun)
    await store.retag({ [releaseTag(service.image, release.commit)]: id })
    return bytes
  } catch (error) {
    await rm(begun, { recursive: true, force: true })
    throw error
  }
}

async function copyRelease(source: string, root: string, release: Release): Promise<void> {
  try {
    await cp(source, root, { recursive: true, verbatimSymlinks: true })
  } catch (error) {
    throw new UpdaterError('engine_failed', `The files of release ${release.tag} cannot be copied into an image: check that ${source} exists and that the disk has space.`, { cause: error })
  }
}

async function sizeOf(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const sizes = await Promise.all(entries.filter((entry) => entry.isFile()).map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}
