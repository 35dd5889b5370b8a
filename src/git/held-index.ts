import { copyFile, link, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { nullIfMissing } from '../files/null-if-missing.ts'
import { UpdaterError } from '../rollout/errors.ts'

/** The index of the operator's tree, which is worked on as git's own commands do: beside it, under its lock. */
export interface HeldIndex {
  /**
   * Runs git on a copy, which takes the index's place once HEAD is the commit. The lock is ours by its content: a git's
   * own is empty while it works, so that nobody could tell ours from that of the operator, who may be at work there.
   * @param run gets the copy's path, for GIT_INDEX_FILE
   * @throws tree_conflict when another git holds the index
   */
  readonly work: (commit: string, run: (copy: string) => Promise<void>) => Promise<void>
  /** Ends what a killed daemon began. @returns whether there was anything */
  readonly settle: () => Promise<boolean>
}

/** Whose index, and how to ask for the commit that its HEAD is at. */
export interface IndexPlace {
  readonly directory: string
  readonly index: string
  readonly head: () => Promise<string | null>
}

export function holdIndex({ directory, index, head }: IndexPlace): HeldIndex {
  const lock = `${index}.lock`
  const copy = join(dirname(index), 'zetherion-index')
  const half = `${copy}.half`

  const letGo = async (commit: string): Promise<void> => {
    // A git of ours that outlived its daemon cannot end its work without it.
    await rm(`${copy}.lock`, { force: true })
    // By git's order HEAD moves when the index is written: until then the one that is there holds.
    if ((await head()) === commit) await nullIfMissing(rename(copy, index))
    for (const path of [copy, half, lock]) await rm(path, { force: true })
  }

  return {
    settle: async () => {
      const commit = stampedFor(await nullIfMissing(readFile(lock, 'utf8')))
      if (commit === null) return false
      await letGo(commit)
      return true
    },
    work: async (commit, run) => {
      for (const path of [copy, `${copy}.lock`, half]) await rm(path, { force: true })
      await take(half, lock, commit, directory)
      try {
        await copyWhole(index, half, copy)
        await run(copy)
      } catch (error) {
        await letGo(commit).catch(() => undefined) // what failed first is told; the next try settles it
        throw error
      }
      await letGo(commit)
    },
  }
}

const stamp = 'zetherion-updater brings this tree to '

function stampedFor(text: string | null): string | null {
  return text?.startsWith(stamp) === true ? text.slice(stamp.length).trim() : null
}

/** With its content from the first moment on, or not at all. */
async function take(half: string, lock: string, commit: string, directory: string): Promise<void> {
  try {
    const file = await open(half, 'wx')
    try {
      await file.writeFile(`${stamp}${commit}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await link(half, lock)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    throw new UpdaterError('tree_conflict', `Another git command works in the project directory ${directory}, or one that was killed left ${lock}; remove that file if nothing runs there.`, { details: { paths: [lock] } })
  } finally {
    await rm(half, { force: true })
  }
}

/** With its time: by that git knows which files may have changed since without a trace. */
async function copyWhole(index: string, half: string, copy: string): Promise<void> {
  const found = await nullIfMissing(stat(index))
  if (found === null) return
  await copyFile(index, half)
  await utimes(half, found.mtime, found.mtime)
  await rename(half, copy)
}
