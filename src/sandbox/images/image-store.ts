import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { oneAtATime } from '../../rollout/one-at-a-time.ts'
import { readMapping, readText, readTextMap } from '../shape.ts'
import { entriesOf } from '../entries.ts'
import { readJson, replaceJson } from '../whole-file.ts'

/** An image: a directory with the files of a release after its build. */
export interface StoredImage {
  readonly id: string
  /** Image name without tag. */
  readonly name: string
  readonly commit: string
  readonly version: string
  readonly buildKey: string
  /** Directory of its files. */
  readonly root: string
}

/** Images and their tags under `images/`. A tag is `<name>:<tag>`, as an engine has it. */
export interface ImageStore {
  /** The image that a tag names; null when there is none, or when its files are gone. */
  find(reference: string): Promise<StoredImage | null>
  byId(name: string, id: string): Promise<StoredImage | null>
  list(): Promise<StoredImage[]>
  tags(): Promise<Readonly<Record<string, string>>>
  /** Sets tags (id) and removes tags (null), all at once or none. */
  retag(changes: Readonly<Record<string, string | null>>): Promise<void>
  /** A new empty directory in which an image can be made. */
  beginImage(name: string, id: string): Promise<string>
  /** Makes the directory that was begun an image. One that is there already is success. */
  finishImage(image: Omit<StoredImage, 'root'>, begun: string): Promise<void>
  remove(image: StoredImage): Promise<void>
  /** Removes what unfinished builds left behind. */
  sweep(): Promise<void>
}

const stagingPrefix = '.staging-'

export function createImageStore(directory: string): ImageStore {
  const tagsFile = join(directory, 'tags.json')
  const homeOf = (name: string): string => join(directory, encodeURIComponent(name))
  const inTurn = oneAtATime()

  const tags = async (): Promise<Record<string, string>> => readTextMap((await readJson(tagsFile)) ?? {}, tagsFile)
  const byId = async (name: string, id: string): Promise<StoredImage | null> => readImage(join(homeOf(name), id))

  return {
    tags,
    byId,
    async find(reference) {
      const id = (await tags())[reference]
      return id === undefined ? null : byId(reference.slice(0, reference.lastIndexOf(':')), id)
    },
    async list() {
      const homes = await entriesOf(directory)
      const images = await Promise.all(homes.map(async (home) => (await entriesOf(join(directory, home))).map((id) => readImage(join(directory, home, id)))))
      return (await Promise.all(images.flat())).filter((image) => image !== null)
    },
    async retag(changes) {
      await inTurn(async () => {
        const entries = Object.entries({ ...(await tags()), ...changes }).filter(([, id]) => id !== null)
        await mkdir(directory, { recursive: true })
        await replaceJson(tagsFile, Object.fromEntries(entries))
      })
    },
    async beginImage(name, id) {
      const begun = join(homeOf(name), `${stagingPrefix}${id}-${process.pid}-${process.hrtime.bigint()}`)
      await mkdir(join(begun, 'root'), { recursive: true })
      return begun
    },
    async finishImage(image, begun) {
      await replaceJson(join(begun, 'image.json'), image)
      try {
        await rename(begun, join(homeOf(image.name), image.id))
      } catch (error) {
        if (!isOccupied(error)) throw error
        await rm(begun, { recursive: true, force: true })
      }
    },
    async remove(image) {
      const gone = join(homeOf(image.name), `${stagingPrefix}removed-${image.id}-${process.hrtime.bigint()}`)
      await rename(join(homeOf(image.name), image.id), gone)
      await rm(gone, { recursive: true, force: true })
    },
    async sweep() {
      for (const home of await entriesOf(directory)) {
        const left = (await entriesOf(join(directory, home))).filter((entry) => entry.startsWith(stagingPrefix))
        await Promise.all(left.map((entry) => rm(join(directory, home, entry), { recursive: true, force: true })))
      }
    },
  }
}

async function readImage(directory: string): Promise<StoredImage | null> {
  if (directory.includes(`/${stagingPrefix}`)) return null
  const path = join(directory, 'image.json')
  const json = await readJson(path)
  if (json === null) return null
  const image = readMapping(json, path)
  return {
    id: readText(image['id'], 'id'),
    name: readText(image['name'], 'name'),
    commit: readText(image['commit'], 'commit'),
    version: readText(image['version'], 'version'),
    buildKey: readText(image['buildKey'], 'buildKey'),
    root: join(directory, 'root'),
  }
}

function isOccupied(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOTEMPTY' || error.code === 'EEXIST')
}
