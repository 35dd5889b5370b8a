import { statfs } from 'node:fs/promises'
import { UpdaterError } from '../rollout/errors.ts'
import type { Engine } from './engine.ts'
import { findOnEngineDisk } from './own-container.ts'

/** Room in the engine's own directory. */
export interface FreeSpace {
  readonly directory: string
  readonly bytes: number
}

/**
 * Null where nothing of the engine's disk is to be seen, such as that of another host. In a container of the engine its directory
 * is not, but what this container is made of lies on the same disk.
 * @throws engine_unreachable, engine_failed
 */
export async function freeSpace(engine: Engine, signal: AbortSignal): Promise<FreeSpace | null> {
  const directory = rootOf(await engine.call('tell where it keeps images', signal, (docker) => docker.info()))
  if (directory === null) return null
  const bytes = (await freeAt(directory)) ?? (await leastFreeAt(await findOnEngineDisk(engine, signal)))
  return bytes === null ? null : { directory, bytes }
}

/** Bytes that a plain user may take; null for a path that is not here. */
async function freeAt(path: string): Promise<number | null> {
  return await statfs(path).then(({ bavail, bsize }) => bavail * bsize, () => null)
}

/** Images and the rest of the engine's directory may be on two disks. */
async function leastFreeAt(paths: readonly string[]): Promise<number | null> {
  const seen = (await Promise.all(paths.map(freeAt))).filter((bytes) => bytes !== null)
  return seen.length === 0 ? null : Math.min(...seen)
}

/** What a container takes until it runs is a few hundred kilobytes; the rest is for whatever else writes there meanwhile. */
const roomForContainer = 32 * 1024 ** 2

/** Room for one more container, so that what is stopped can be started again. @throws disk_full */
export async function requireRoom(engine: Engine, signal: AbortSignal): Promise<void> {
  const free = await freeSpace(engine, signal)
  if (free === null || free.bytes >= roomForContainer) return
  throw new UpdaterError('disk_full', `Only ${megabytes(free.bytes)} are free in ${free.directory}: a container that is stopped now might not come back. Nothing was stopped; make room on the engine's disk.`, { details: { directory: free.directory, freeBytes: free.bytes } })
}

/** For people: `12 MB`. */
export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}

function rootOf(info: unknown): string | null {
  const root: unknown = typeof info === 'object' && info !== null ? Reflect.get(info, 'DockerRootDir') : null
  return typeof root === 'string' && root.startsWith('/') ? root : null
}
