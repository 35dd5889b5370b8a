import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { UpdaterError } from '../../rollout/errors.ts'
import { entriesOf } from '../entries.ts'
import { type ContainerDescription, readDescription } from './container-description.ts'
import { type ContainerPaths, containerPaths } from './container-files.ts'
import { type ContainerState, lookAt } from './container-state.ts'

/** A container that exists, as described and as found. */
export interface ShelvedContainer {
  readonly description: ContainerDescription
  readonly paths: ContainerPaths
  readonly found: ContainerState
}

/** Containers under `containers/<id>/`, in every state. */
export interface ContainerShelf {
  list(): Promise<ShelvedContainer[]>
  /** Null when it is gone. */
  get(id: string): Promise<ShelvedContainer | null>
  pathsOf(id: string): ContainerPaths
  /** Takes it away; one that is gone is success. @throws engine_failed when it still runs */
  remove(id: string): Promise<void>
  /** Removes what an interrupted create or remove left behind. */
  sweep(): Promise<void>
}

const removedPrefix = '.removed-'

export function createContainerShelf(directory: string): ContainerShelf {
  const pathsOf = (id: string): ContainerPaths => containerPaths(join(directory, id))

  const get = async (id: string): Promise<ShelvedContainer | null> => {
    // An id becomes a path: nothing but what this sandbox gives out may.
    if (!/^[0-9a-f]{64}$/.test(id)) return null
    const paths = pathsOf(id)
    const description = await readDescription(paths)
    return description === null ? null : { description, paths, found: await lookAt(paths, id) }
  }

  return {
    get,
    pathsOf,
    async list() {
      const containers = await Promise.all((await entriesOf(directory)).map(get))
      return containers.filter((container) => container !== null).sort((a, b) => a.description.createdAt.localeCompare(b.description.createdAt))
    },
    async remove(id) {
      const container = await get(id)
      if (container === null) return
      if (container.found.state === 'running' || container.found.state === 'restarting') {
        throw new UpdaterError('engine_failed', `Container ${id.slice(0, 12)} of ${container.description.service} still runs and cannot be removed: stop it first.`)
      }
      const gone = join(directory, `${removedPrefix}${id}`)
      await rename(container.paths.directory, gone)
      await rm(gone, { recursive: true, force: true })
    },
    async sweep() {
      for (const entry of await entriesOf(directory)) {
        const abandoned = entry.startsWith(removedPrefix) || (await readDescription(pathsOf(entry))) === null
        if (abandoned) await rm(join(directory, entry), { recursive: true, force: true })
      }
    },
  }
}
