import { realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, relative } from 'node:path'
import type { ComposeBuild, ComposeService } from '../compose/model.ts'

/** Why a managed service's image cannot be built from the commit alone. */
export async function buildReasons(service: ComposeService, projectDirectory: string, checkout: string): Promise<string[]> {
  const { build, name } = service
  if (build === null) return [`${name} has no build section, so no image of the release can be made`]
  const reasons = build.otherKeys.map((key) => `${name} builds with ${key}, which the updater does not support`)
  if (build.otherKeys.includes('dockerfile_inline')) return reasons
  const context = relative(projectDirectory, build.context)
  if (!isAbsolute(build.context) || leads(context)) return [...reasons, `${name} builds from ${build.context}, which is outside the repository`]
  if (!(await isInside(checkout, context, 'directory'))) return [...reasons, `${name} builds from ${context}, which is no directory of the release`]
  return [...reasons, ...(await dockerfileReasons(name, build, join(checkout, context)))]
}

async function dockerfileReasons(name: string, build: ComposeBuild, context: string): Promise<string[]> {
  const shown = JSON.stringify(build.dockerfile)
  if (!/^[A-Za-z0-9_.][A-Za-z0-9_.@+/ -]{0,254}$/.test(build.dockerfile) || build.dockerfile.split('/').includes('..')) {
    return [`${name} names the Dockerfile ${shown}; only a plain path inside the build context is taken`]
  }
  return (await isInside(context, build.dockerfile, 'file')) ? [] : [`${name} names the Dockerfile ${shown}, which is no file of the release`]
}

/** Symbolic links are followed, but not out of the directory. */
async function isInside(directory: string, path: string, kind: 'file' | 'directory'): Promise<boolean> {
  try {
    const [root, target] = [await realpath(directory), await realpath(join(directory, path))]
    if (leads(relative(root, target))) return false
    const found = await stat(target)
    return kind === 'file' ? found.isFile() : found.isDirectory()
  } catch {
    return false // not there, or not readable: the same to a build
  }
}

function leads(inside: string): boolean {
  return inside === '..' || inside.startsWith('../') || isAbsolute(inside)
}
