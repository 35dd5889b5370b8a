import { constants } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { UpdaterError, sentenceOf } from '../rollout/errors.ts'
import { pathInProject, projectComposeFiles } from './compose/files.ts'
import type { DockerSettings } from './settings.ts'
import { snapshotMark } from './snapshot-mark.ts'
import { syncPath } from '../files/sync-path.ts'

/**
 * Keeps the project's compose files as they are now as `releases/<commit>/`, whole and durable or not at all. One that is
 * there stays as it is.
 * @throws storage_failed
 */
export async function takeSnapshot(settings: DockerSettings, commit: string): Promise<void> {
  const target = join(settings.releasesDirectory, commit)
  if (await isThere(target)) return
  await mkdir(settings.releasesDirectory, { recursive: true })
  const staging = await mkdtemp(join(settings.releasesDirectory, '.adopting-'))
  try {
    await fill(settings, staging)
    await rename(staging, target)
    await syncPath(settings.releasesDirectory)
  } catch (error) {
    throw new UpdaterError('storage_failed', `The compose files of what runs could not be kept: ${sentenceOf(error)}. Look at the state directory's disk and rights.`, { cause: error })
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

async function fill(settings: DockerSettings, staging: string): Promise<void> {
  await writeFile(join(staging, snapshotMark), 'Kept by zetherion-updater at its first start: the compose files that ran then.\n')
  for (const name of await projectComposeFiles(settings)) {
    const inside = pathInProject(settings.projectDirectory, name)
    if (inside === null) {
      settings.log.warn('a compose file outside the project directory is not kept with what was found running', { file: name })
      continue
    }
    await mkdir(dirname(join(staging, inside)), { recursive: true })
    await copyFile(resolve(settings.projectDirectory, name), join(staging, inside), constants.COPYFILE_EXCL)
  }
  const entries = await readdir(staging, { recursive: true })
  for (const path of [...entries.map((entry) => join(staging, entry)), staging]) await syncPath(path)
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(() => true, () => false)
}
