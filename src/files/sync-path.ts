import { open } from 'node:fs/promises'

/** Makes a file's content durable, or of a directory what was renamed, created and removed in it. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
