import { sentenceOf, UpdaterError } from '../rollout/errors.ts'
import type { Routes, RoutesFile } from '../rollout/model.ts'
import { dirname } from '../rollout/paths.ts'
import type { Authority, Files, TrafficRouter } from '../rollout/ports.ts'
import { publishFile, stageFile } from '../rollout/whole-file.ts'
import { keepCopyOf } from './kept-copies.ts'
import { createRoutesReader } from './read-routes.ts'
import type { RoutesReader } from './read-routes.ts'
import { renderRoutes } from './render.ts'
import { defaultTransportLimits } from './transport-limits.ts'
import type { TransportLimits } from './transport-limits.ts'

export interface TraefikRouterOptions {
  /** The live file, in the directory that Traefik watches. Absolute. */
  readonly routesPath: string
  /** Beside the watched directory, on the same mount (see `checkRoutesPlace`). Made if missing. Absolute. */
  readonly stagingDirectory: string
  readonly files: Files
  readonly limits?: TransportLimits
  /** Shared by all routers of a process: making one takes 20 ms. Default: one of its own. */
  readonly readRoutes?: RoutesReader
  /** Default: `renderRoutes`. One that remembers what it rendered makes a difference where a hundred thousand rollouts are played through. */
  readonly render?: typeof renderRoutes
  /** Asked at the last moment before the rename: whoever was stopped in it must not move what a later updater serves (I5). Default: nobody else is there. */
  readonly authority?: Authority
}

/** Readable by Traefik's user. */
const mode = 0o644

/**
 * The routes file, replaced as a whole by renames. Staged versions are called `routes-<generation>.yml` and are whole
 * and durable from the moment they have that name, so that going back needs one rename and no space (I10).
 */
export function createTraefikRouter(options: TraefikRouterOptions): TrafficRouter {
  const { routesPath, stagingDirectory, files, limits = defaultTransportLimits, readRoutes = createRoutesReader(), render = renderRoutes, authority } = options

  return {
    read,
    render: (routes) => render(routes, limits),
    stage: (routes) => failing(`version ${routes.generation} of the routes could not be prepared`, () => stage(routes)),
    activate: (generation) => failing(`version ${generation} of the routes could not be put in force`, () => activate(generation)),
    sweep: (signal) => failing('prepared routes could not be removed', () => sweep(signal)),
    keepCopy: () => failing('the routes file could not be copied', () => keepCopyOf(files, routesPath, stagingDirectory)),
  }

  async function read(): Promise<RoutesFile> {
    try {
      const bytes = await files.read(routesPath)
      return bytes === null ? { kind: 'missing' } : readRoutes(bytes)
    } catch (error) {
      return { kind: 'unreadable', reason: sentenceOf(error) }
    }
  }

  async function stage(routes: Routes): Promise<void> {
    authority?.check()
    const bytes = Buffer.from(render(routes, limits))
    const staged = stagedPath(routes.generation)
    await files.makeDirectory(stagingDirectory, 0o755)
    // What a killed attempt left; a version that is staged already stays good until the new one takes its name.
    await files.remove(`${staged}${unfinished}`)
    await stageFile(files, `${staged}${unfinished}`, bytes, mode)
    await publishFile(files, `${staged}${unfinished}`, staged)
    await files.syncDirectory(dirname(stagingDirectory))
  }

  async function activate(generation: string): Promise<void> {
    const staged = await files.read(stagedPath(generation))
    if (staged === null) {
      await confirmInForce(generation)
      return
    }
    const found = readRoutes(staged)
    if (found.kind !== 'routes' || found.generation !== generation) {
      throw new UpdaterError('routes_unwritable', `The prepared version ${generation} of the routes is damaged; the routes stay as they are.`)
    }
    authority?.check()
    await publishFile(files, stagedPath(generation), routesPath)
  }

  /** A rename that was done but perhaps not made durable: a repetition completes it. */
  async function confirmInForce(generation: string): Promise<void> {
    const live = await read()
    if (live.kind !== 'routes' || live.generation !== generation) {
      throw new UpdaterError('routes_unwritable', `Version ${generation} of the routes is neither prepared nor in force; the routes stay as they are.`)
    }
    await files.syncDirectory(dirname(routesPath))
  }

  async function sweep(signal: AbortSignal): Promise<void> {
    for (const name of await files.list(stagingDirectory)) {
      if (signal.aborted) return
      if (!name.startsWith(stagedPrefix)) continue
      // What a later updater has prepared is its way back (I10).
      authority?.check()
      await files.remove(`${stagingDirectory}/${name}`)
    }
  }

  function stagedPath(generation: string): string {
    return `${stagingDirectory}/${stagedPrefix}${generation}${stagedSuffix}`
  }

  async function failing<T>(what: string, task: () => Promise<T>): Promise<T> {
    try {
      return await task()
    } catch (error) {
      if (error instanceof UpdaterError) throw error
      throw new UpdaterError('routes_unwritable', `${routesPath}: ${what}: ${mendOf(error)}`, { cause: error })
    }
  }
}

const stagedPrefix = 'routes-'
const stagedSuffix = '.yml'
const unfinished = '.tmp'

/** Errors that a rename gives where the files lie wrongly (fault 33), with what to do. */
function mendOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EBUSY') return 'the file itself is a mount; mount its directory instead.'
  if (code === 'EXDEV') return 'the staging directory is on another mount than the file; put both under one mount.'
  if (code === 'ENOSPC') return 'the disk is full; free some space.'
  if (code === 'EROFS') return 'the file system is read-only; mount it writable.'
  return `${sentenceOf(error)}.`
}
