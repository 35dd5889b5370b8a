import { dirname } from './paths.ts'
import type { Files } from './ports.ts'

/**
 * Writes a file that is complete and durable under its own name, or not there at all: the first half of a replacement
 * that survives a power cut (I6). After a failed sync the file is given up, never synced again (fault 12).
 * @throws Node's error of the first call that failed; what was begun is removed as far as that works
 */
export async function stageFile(files: Files, path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const file = await files.create(path, mode)
  try {
    try {
      await file.write(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    await removeQuietly(files, path)
    throw error
  }
  await files.syncDirectory(dirname(path))
}

/** The second half: one rename, then both directories made durable. Needs no free space. */
export async function publishFile(files: Files, from: string, to: string): Promise<void> {
  await files.rename(from, to)
  await files.syncDirectory(dirname(to))
  if (dirname(from) !== dirname(to)) await files.syncDirectory(dirname(from))
}

async function removeQuietly(files: Files, path: string): Promise<void> {
  // The staged file is garbage already; what is left of it is swept at the next start.
  await files.remove(path).catch(() => undefined)
}
