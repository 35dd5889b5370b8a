import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Release } from '../../rollout/model.ts'
import type { DockerSettings } from '../settings.ts'
import type { Compose } from './compose.ts'
import { keepBelonging } from './belonging.ts'
import { composeFilesOf } from './files.ts'
import type { ComposeFile } from './files.ts'
import { readComposeModel } from './model.ts'
import type { ComposeModel } from './model.ts'

/** A release's compose files and what Compose makes of them. */
export interface ReleaseModel {
  readonly files: readonly ComposeFile[]
  readonly model: ComposeModel
}

export interface Models {
  /** The compose files of a release that is checked, with git asked anew whose they are. */
  filesToCheck(release: Release): Promise<ComposeFile[]>
  /** Asks Compose only when a file or `.env` has changed: version 1 takes most of a second for it. */
  of(release: Release, signal: AbortSignal): Promise<ReleaseModel>
  /** Asks Compose in any case, since files of which we do not know may count too. @throws release_refused */
  read(files: readonly ComposeFile[], signal: AbortSignal): Promise<ComposeModel>
}

const remembered = 8

export function createModels(settings: DockerSettings, compose: Compose): Models {
  const known = new Map<string, ComposeModel>()
  const belonging = keepBelonging(settings)
  const keyOf = (files: readonly ComposeFile[]): Promise<string> =>
    fingerprint([...files.map(({ path }) => path), join(settings.projectDirectory, '.env')])
  const read: Models['read'] = async (files, signal) => {
    const key = await keyOf(files)
    const model = readComposeModel(await compose.config(files, signal))
    const oldest = known.keys().next().value
    if (known.size >= remembered && oldest !== undefined) known.delete(oldest)
    known.set(key, model)
    return model
  }
  return {
    filesToCheck: (release) => composeFilesOf(settings, belonging.asked, release.commit),
    read,
    async of(release, signal) {
      const files = await composeFilesOf(settings, belonging.kept, release.commit)
      return { files, model: known.get(await keyOf(files)) ?? (await read(files, signal)) }
    },
  }
}

async function fingerprint(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const path of paths) {
    const content = await readFile(path).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
      throw error
    })
    hash.update(JSON.stringify([path, content?.length ?? null])).update(content ?? '')
  }
  return hash.digest('hex')
}
