import { readdir, stat } from 'node:fs/promises'
import { join, posix, relative } from 'node:path'
import { placeOf, spotsAt } from '../../compose-file/source.ts'
import type { ComposeSource } from '../../compose-file/source.ts'
import { entriesOf, itemsOf, textOf } from '../../compose-file/spots.ts'
import type { Spot } from '../../compose-file/spots.ts'
import type { ComposeService } from '../compose/model.ts'
import type { DockerSettings } from '../settings.ts'

/** The settings, and where this process sees what the engine sees. */
export interface Places extends DockerSettings {
  readonly sharedDirectories: readonly string[] | null
}

/**
 * Bind sources that are not there (the engine would make an empty directory of root's), and those that the release
 * tracks: they would change under the container when the working tree is brought to a release.
 */
export async function bindReasons(service: ComposeService, sources: readonly ComposeSource[], places: Places, checkout: string): Promise<string[]> {
  const volumes = placesOfVolumes(sources, service.name)
  const reasons = await Promise.all(
    service.binds.map(async ({ source, section, as }) => {
      const listed = section === 'volumes' ? volumes.get(plain(as)) : placeOf(sources, [section, as, 'file'])
      const what = `${listed ?? placeOf(sources, ['services', service.name, 'volumes'])}: ${service.name} binds ${source}`
      if (await isTracked(checkout, relative(places.projectDirectory, source))) {
        return [`${what}, which the release tracks; bind a path that is not in the repository`]
      }
      if (!isShared(places.sharedDirectories, source)) {
        places.log.info('a bind source cannot be seen from here; not checked', { service: service.name, source })
        return []
      }
      return (await isThere(source)) ? [] : [`${what}, which does not exist; create it`]
    }),
  )
  return reasons.flat()
}

/**
 * Whether a release's repository has this path; a directory counts only for files that are more than place holders.
 * @param inside relative to the repository
 */
export async function isTracked(checkout: string, inside: string): Promise<boolean> {
  if (inside === '..' || inside.startsWith('../')) return false
  const path = join(checkout, inside)
  const found = await stat(path).catch(() => null)
  if (found === null) return false
  if (!found.isDirectory()) return true
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries.some((entry) => !entry.isDirectory() && entry.name !== '.gitkeep' && entry.name !== '.gitignore')
}

/** By target, since sources hold variables and relative paths. Of several the last, as Compose has it. */
function placesOfVolumes(sources: readonly ComposeSource[], service: string): Map<string, string> {
  return new Map(sources.flatMap((source) =>
    spotsAt(source, ['services', service, 'volumes'])
      .flatMap((volumes) => itemsOf(volumes) ?? [])
      .map((item) => [plain(targetOf(item)), source.place(item.offset)] as const),
  ))
}

function targetOf(item: Spot): string {
  const long = entriesOf(item)?.get('target')
  if (long !== undefined) return textOf(long) ?? ''
  // A variable's default may hold colons.
  const [, target = ''] = (textOf(item) ?? '').replace(/\$\{(?:[^{}]|\$\{[^{}]*\})*\}/g, '').split(':')
  return target
}

function plain(path: string): string {
  return posix.normalize(path).replace(/(.)\/$/, '$1')
}

function isShared(directories: readonly string[] | null, path: string): boolean {
  return directories === null || directories.some((directory) => path === directory || path.startsWith(`${directory.replace(/\/$/, '')}/`))
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(() => true, () => false)
}
