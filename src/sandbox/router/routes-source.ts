import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { entriesOf } from '../entries.ts'
import { isMissing, readTextFile } from '../whole-file.ts'
import { type RoutesConfig, readRoutesConfig } from './routes-config.ts'

/** The routes file, or all of a directory's. */
export interface RoutesSource {
  /** Directory to be watched. */
  readonly directory: string
  /** Text of each file by its name; changes whenever anything was written. */
  read(): Promise<Readonly<Record<string, string>>>
}

/** @param path a file, or a directory of which every .yml and .yaml file counts, as with Traefik */
export async function openRoutesSource(path: string): Promise<RoutesSource> {
  if (!(await isDirectory(path)) && /\.ya?ml$/.test(path)) return { directory: dirname(path), read: () => readAll([path]) }
  return { directory: path, read: async () => readAll((await entriesOf(path)).filter((name) => /\.ya?ml$/.test(name)).map((name) => join(path, name))) }
}

/** All files as one configuration. @throws Error naming the file, also when two files define the same name */
export function joinRoutes(texts: Readonly<Record<string, string>>): RoutesConfig {
  const empty: RoutesConfig = { routers: {}, middlewares: {}, services: {}, transports: {} }
  return Object.entries(texts).reduce((joined, [file, text]) => {
    try {
      const config = readRoutesConfig(text)
      return {
        routers: joinNamed(joined.routers, config.routers),
        middlewares: joinNamed(joined.middlewares, config.middlewares),
        services: joinNamed(joined.services, config.services),
        transports: joinNamed(joined.transports, config.transports),
      }
    } catch (error) {
      throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  }, empty)
}

function joinNamed<T>(some: Readonly<Record<string, T>>, more: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  const twice = Object.keys(more).find((name) => Object.hasOwn(some, name))
  if (twice !== undefined) throw new Error(`"${twice}" is defined in another file too`)
  return { ...some, ...more }
}

async function readAll(paths: readonly string[]): Promise<Record<string, string>> {
  const texts = await Promise.all(paths.toSorted().map(async (path) => [path, await readTextFile(path)] as const))
  return Object.fromEntries(texts.flatMap(([path, text]) => (text === null ? [] : [[path, text]])))
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then((found) => found.isDirectory(), (error: unknown) => {
    if (isMissing(error)) return false
    throw error
  })
}
