import { stat } from 'node:fs/promises'
import { isAbsolute, join, normalize, relative, resolve } from 'node:path'
import { UpdaterError } from '../../rollout/errors.ts'
import { isAdopted } from '../references.ts'
import type { DockerSettings } from '../settings.ts'
import { isSnapshot } from '../snapshot-mark.ts'

/** One file of the list that Compose is given, and where this release takes it from. */
export interface ComposeFile {
  /** As listed, for people. */
  readonly name: string
  readonly path: string
  /** `release`: tracked by the release's repository, so it comes from its checkout. `project`: an operator's own. */
  readonly origin: 'release' | 'project'
}

export type ComposeFileSettings = Pick<DockerSettings, 'composeFiles' | 'projectDirectory' | 'releasesDirectory'>

/** Whether the project directory's own compose files count for this release. */
export type IsForeign = (commit: string) => Promise<boolean>

const defaultFile = 'docker-compose.yml'
const defaultOverride = 'docker-compose.override.yml'

/**
 * The compose files of a release in their order (design.md, "Sources, trees, compose files").
 * @throws compose_failed when its checkout is not there; release_refused naming the files that are nowhere
 */
export async function composeFilesOf(settings: ComposeFileSettings, isForeign: IsForeign, commit: string): Promise<ComposeFile[]> {
  const checkout = join(settings.releasesDirectory, commit)
  if (!(await isThere(checkout))) {
    const mend = isAdopted(commit) ? 'it was removed, so this release cannot be brought back' : 'apply the release again'
    throw new UpdaterError('compose_failed', `The checkout of ${commit.slice(0, 12)} is not in the releases directory; ${mend}.`)
  }
  // What was found running has its own snapshot, whoever the project directory belongs to.
  const tracked = (await isSnapshot(settings.releasesDirectory, commit)) || !(await isForeign(commit)) ? checkout : null
  const found: ComposeFile[] = []
  const missing: string[] = []
  for (const name of settings.composeFiles ?? [defaultFile, defaultOverride]) {
    const file = await locate(settings, tracked, name)
    if (file !== null) found.push(file)
    else if (settings.composeFiles !== null || name !== defaultOverride) missing.push(name)
  }
  if (missing.length > 0) {
    throw new UpdaterError('release_refused', `The compose file ${missing.join(', ')} is neither in the release nor in the project directory.`, { details: { reasons: missing.map((name) => `${name} is neither in the release nor in the project directory`) } })
  }
  return found
}

/** Path of a listed file inside the project directory; null for one that lies elsewhere. */
export function pathInProject(projectDirectory: string, name: string): string | null {
  const inside = isAbsolute(name) ? relative(projectDirectory, name) : normalize(name)
  return inside === '' || inside === '..' || inside.startsWith('../') || isAbsolute(inside) ? null : inside
}

/** Listed files as they are in the project directory now, the default override only if it is there. */
export async function projectComposeFiles(settings: ComposeFileSettings): Promise<string[]> {
  if (settings.composeFiles !== null) return [...settings.composeFiles]
  return (await isThere(join(settings.projectDirectory, defaultOverride))) ? [defaultFile, defaultOverride] : [defaultFile]
}

async function locate(settings: ComposeFileSettings, checkout: string | null, name: string): Promise<ComposeFile | null> {
  const inside = pathInProject(settings.projectDirectory, name)
  if (checkout !== null && inside !== null && (await isThere(join(checkout, inside)))) return { name, path: join(checkout, inside), origin: 'release' }
  const path = resolve(settings.projectDirectory, name)
  return (await isThere(path)) ? { name, path, origin: 'project' } : null
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(() => true, () => false)
}
