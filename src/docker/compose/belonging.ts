import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { syncPath } from '../../files/sync-path.ts'
import type { DockerSettings } from '../settings.ts'

/** Whether a release's compose files are those of the project directory, since that is no clone of its repository. */
export interface Belonging {
  /** As git said when it was last asked: a release is brought back without it (I10). Asks only if it never was. */
  readonly kept: (commit: string) => Promise<boolean>
  /** As git says now; that is kept beside the release's files. */
  readonly asked: (commit: string) => Promise<boolean>
}

/** A checkout's own file of this name is replaced when the release is checked, before anything is made from it. */
const file = '.zetherion-project'

export function keepBelonging(settings: Pick<DockerSettings, 'isForeignProject' | 'releasesDirectory'>): Belonging {
  const known = new Map<string, boolean>()

  const asked: Belonging['asked'] = async (commit) => {
    const { foreign, sure } = await settings.isForeignProject(commit)
    if (!sure) return (await read(join(settings.releasesDirectory, commit))) ?? foreign
    if (known.size >= mostKnown) known.clear()
    known.set(commit, foreign)
    // Without it git is asked again after the next start: on a full disk there is nothing better.
    await keep(join(settings.releasesDirectory, commit), foreign).catch(() => undefined)
    return foreign
  }

  return {
    asked,
    kept: async (commit) => known.get(commit) ?? (await read(join(settings.releasesDirectory, commit))) ?? (await asked(commit)),
  }
}

const mostKnown = 16

/** Null when it says neither: a power cut may have left it empty. */
async function read(checkout: string): Promise<boolean | null> {
  const text = await readFile(join(checkout, file), 'utf8').catch(() => null)
  return text === words.foreign ? true : text === words.clone ? false : null
}

async function keep(checkout: string, foreign: boolean): Promise<void> {
  if ((await read(checkout)) === foreign) return
  const path = join(checkout, file)
  await rm(path, { recursive: true, force: true })
  await writeFile(path, foreign ? words.foreign : words.clone, { flag: 'wx' })
  await syncPath(path)
  await syncPath(checkout)
}

const words = { foreign: 'foreign\n', clone: 'clone\n' } as const
