import { randomBytes } from 'node:crypto'
import { chown, link, mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncPath } from '../files/sync-path.ts'

/** The owner may not write it either: a rotation replaces it. */
const mode = 0o440

/**
 * Reads the secret's file; makes one if there is none: 32 random bytes, base64url, readable by the owner and one group,
 * never half-written under its name. Of two makers at once one wins, and both read the winner's.
 * @param group that may read it; null: the group of its directory
 * @throws Node's error of the call that failed, or one that says how the group may be given
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
  if (made !== undefined && group !== null) await chown(directory, -1, group).catch((error: unknown) => { throw notOurs(group, error) })
  const reader = group ?? (await stat(directory)).gid
  const draft = join(directory, `.updater-secret-${randomBytes(6).toString('hex')}`)
  try {
    await writeDraft(draft, reader)
    // A link, not a rename: it fails when another process was first, whose secret then counts.
    await link(draft, path).catch(unlessAnotherWasFirst)
  } finally {
    await rm(draft, { force: true })
  }
  await syncPath(directory)
}

async function writeDraft(draft: string, reader: number): Promise<void> {
  const file = await open(draft, 'wx', mode)
  try {
    await file.writeFile(`${randomBytes(32).toString('base64url')}\n`)
    // In a directory with the setgid bit it has that group already, whoever makes it.
    if ((await file.stat()).gid !== reader) await file.chown(-1, reader).catch((error: unknown) => { throw notOurs(reader, error) })
    // After the chown, which may take bits away, and whatever the umask is.
    await file.chmod(mode)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Only root gives files to a group that it is not in. A secret that its readers cannot read would look like a wrong one. */
function notOurs(group: number, error: unknown): unknown {
  if (codeOf(error) !== 'EPERM') return error
  return new Error(`the updater may not give a file to group ${group}: put it into that group (group_add), or give the directory that group and the setgid bit (chgrp ${group}, chmod g+s)`, { cause: error })
}

function unlessAnotherWasFirst(error: unknown): void {
  if (codeOf(error) !== 'EEXIST') throw error
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null
}
