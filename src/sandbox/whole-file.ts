import { randomBytes } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncPath } from '../files/sync-path.ts'

/**
 * Replaces a file by a value as JSON, so that a reader, or a power cut, finds the complete old or the complete new one
 * (I6). Readable by its owner only: descriptions hold a service's environment.
 */
export async function replaceJson(path: string, value: unknown): Promise<void> {
  const staged = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    await writeDurably(staged, `${JSON.stringify(value, null, 2)}\n`)
    await rename(staged, path)
  } catch (error) {
    await rm(staged, { force: true })
    throw error
  }
  await syncPath(dirname(path))
}

/** Null when there is none. */
export async function readTextFile(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

/** Parsed JSON of unknown shape; null when there is no file. @throws Error naming the file when it is no JSON */
export async function readJson(path: string): Promise<unknown> {
  const text = await readTextFile(path)
  if (text === null) return null
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(`${path} is damaged: it holds no JSON`, { cause: error })
  }
}

/** Whether a call failed because the file or directory is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}
