import { randomBytes } from 'node:crypto'
import { chown, link, mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** The owner may not write it either: a rotation replaces it. */
const mode = 0o440

/**
 * Reads the secret's file; makes one if there is none: 32 random bytes, base64url, readable by the owner and one group,
 * never half-written under its name. Of two makers at once one wins, and both read the winner's.
 * @param group that may read it; null: the group of its directory
 * @throws Node's error of the call that failed
 */
export async function readOrMakeSecret(path: string, group: number | null): Promise<string> {
  const found = await readIfThere(path)
  if (found !== null) return found.trim()
  await make(path, group)
  return (await readFile(path, 'utf8')).trim()
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

async function make(path: string, group: number | null): Promise<void> {
  const directory = dirname(path)
  const made = await mkdir(directory, { recursive: true, mode: 0o750 })
  if (made !== undefined && group !== null) await chown(directory, -1, group)
  const reader = group ?? (await stat(directory)).gid
  const draft = join(directory, `.updater-secret-${randomBytes(6).toString('hex')}`)
  try {
    await writeDraft(draft, reader)
    // A link, not a rename: it fails when another process was first, whose secret then counts.
    await link(draft, path).catch(unlessAnotherWasFirst)
  } finally {
    await rm(draft, { force: true })
  }
  await syncDirectory(directory)
}

async function writeDraft(draft: string, reader: number): Promise<void> {
  const file = await open(draft, 'wx', mode)
  try {
    await file.writeFile(`${randomBytes(32).toString('base64url')}\n`)
    if ((await file.stat()).gid !== reader) await file.chown(-1, reader)
    // After the chown, which may take bits away, and whatever the umask is.
    await file.chmod(mode)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function unlessAnotherWasFirst(error: unknown): void {
  if (codeOf(error) !== 'EEXIST') throw error
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null
}
