import { statfs } from 'node:fs/promises'
import type { Engine } from './engine.ts'

/** Room in the engine's own directory. */
export interface FreeSpace {
  readonly directory: string
  readonly bytes: number
}

/** Null where this process does not see the engine's directory. */
export async function freeSpace(engine: Engine, signal: AbortSignal): Promise<FreeSpace | null> {
  const directory = rootOf(await engine.call('tell where it keeps images', signal, (docker) => docker.info()))
  if (directory === null) return null
  return await statfs(directory).then(
    ({ bavail, bsize }) => ({ directory, bytes: bavail * bsize }),
    () => null, // another host, or not mounted here: it can only be skipped
  )
}

function rootOf(info: unknown): string | null {
  const root: unknown = typeof info === 'object' && info !== null ? Reflect.get(info, 'DockerRootDir') : null
  return typeof root === 'string' && root.startsWith('/') ? root : null
}
