import { realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, relative } from 'node:path'
import { placeOf } from '../../compose-file/source.ts'
import type { ComposeSource } from '../../compose-file/source.ts'
import type { ComposeBuild, ComposeService } from '../compose/model.ts'

/** Why a managed service's image cannot be built from the commit alone. */
export async function buildReasons({ build, name }: ComposeService, sources: readonly ComposeSource[], projectDirectory: string, checkout: string): Promise<string[]> {
  const at = (key: string): string => placeOf(sources, ['services', name, 'build', key])
  if (build === null) return [`${placeOf(sources, ['services', name])}: ${name} has no build section, so no image of the release can be made`]
  const reasons = build.otherKeys.map((key) => `${at(key)}: ${name} builds with ${key}, which the updater does not support`)
  if (build.otherKeys.includes('dockerfile_inline')) return reasons
  const context = relative(projectDirectory, build.context)
  const outside = `${at('context')}: ${name} builds from ${withoutCredentials(build.context)}, which is outside the repository`
  if (!isAbsolute(build.context) || leads(context)) return [...reasons, outside]
  const found = await look(checkout, context, 'directory')
  if (found === 'outside') return [...reasons, `${outside}: a link leads there`]
  if (found === 'absent') return [...reasons, `${at('context')}: ${name} builds from ${context}, which is no directory of the release`]
  return [...reasons, ...(await dockerfileReasons(name, build, join(checkout, context), at('dockerfile')))]
}

async function dockerfileReasons(name: string, build: ComposeBuild, context: string, place: string): Promise<string[]> {
  const shown = `${place}: ${name} names the Dockerfile ${JSON.stringify(build.dockerfile)}`
  if (!/^[A-Za-z0-9_.][A-Za-z0-9_.@+/ -]{0,254}$/.test(build.dockerfile) || build.dockerfile.split('/').includes('..')) {
    return [`${shown}; only a plain path inside the build context is taken`]
  }
  const found = await look(context, build.dockerfile, 'file')
  if (found === 'inside') return []
  return [found === 'outside' ? `${shown}, which a link leads out of the build context` : `${shown}, which is no file of the release`]
}

/** Symbolic links are followed, but not out of the directory. */
async function look(directory: string, path: string, kind: 'file' | 'directory'): Promise<'inside' | 'outside' | 'absent'> {
  try {
    const [root, target] = [await realpath(directory), await realpath(join(directory, path))]
    if (leads(relative(root, target))) return 'outside'
    const found = await stat(target)
    return (kind === 'file' ? found.isFile() : found.isDirectory()) ? 'inside' : 'absent'
  } catch {
    return 'absent' // not there, or not readable: the same to a build
  }
}

function leads(inside: string): boolean {
  return inside === '..' || inside.startsWith('../') || isAbsolute(inside)
}

function withoutCredentials(address: string): string {
  return address.replace(/\/\/[^/@\s]*@/, '//***@')
}
