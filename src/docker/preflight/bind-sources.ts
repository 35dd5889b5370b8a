import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { ComposeService } from '../compose/model.ts'
import type { DockerSettings } from '../settings.ts'

type Places = Pick<DockerSettings, 'projectDirectory' | 'sharedDirectories' | 'log'>

/**
 * Bind sources that are not there (the engine would make an empty directory of root's), and those that the release
 * tracks: they would change under the container when the working tree is brought to a release.
 */
export async function bindReasons(service: ComposeService, places: Places, checkout: string): Promise<string[]> {
  const reasons = await Promise.all(
    service.bindSources.map(async (source) => {
      if (await isTracked(checkout, relative(places.projectDirectory, source))) {
        return [`${service.name} binds ${source}, which the release tracks; bind a path that is not in the repository`]
      }
      if (!isShared(places.sharedDirectories, source)) {
        places.log.info('a bind source cannot be seen from here; not checked', { service: service.name, source })
        return []
      }
      return (await isThere(source)) ? [] : [`${service.name} binds ${source}, which does not exist; create it`]
    }),
  )
  return reasons.flat()
}

/** A directory counts only for files that are more than place holders. */
async function isTracked(checkout: string, inside: string): Promise<boolean> {
  if (inside === '..' || inside.startsWith('../')) return false
  const path = join(checkout, inside)
  const found = await stat(path).catch(() => null)
  if (found === null) return false
  if (!found.isDirectory()) return true
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries.some((entry) => !entry.isDirectory() && entry.name !== '.gitkeep' && entry.name !== '.gitignore')
}

function isShared(directories: readonly string[] | null, path: string): boolean {
  return directories === null || directories.some((directory) => path === directory || path.startsWith(`${directory.replace(/\/$/, '')}/`))
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(() => true, () => false)
}
