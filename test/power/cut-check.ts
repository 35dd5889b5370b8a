import { isDeepStrictEqual } from 'node:util'
import { createHistoryStore } from '../../src/storage/history-store.ts'
import { createNodeFiles } from '../../src/storage/node-files.ts'
import { createStorageChecks } from '../../src/storage/record-schema.ts'
import { createRecordStore } from '../../src/storage/record-store.ts'
import { createSystemRandom } from '../../src/storage/system-random.ts'
import { createRoutesReader } from '../../src/traefik/read-routes.ts'
import { createTraefikRouter } from '../../src/traefik/traefik-router.ts'
import { silentLog } from '../unit/storage/silent-log.ts'
import { entryNumbered, historyLimit, placesOf, recordNumbered, routesNumbered } from './cut-files.ts'

/** What a writer (cut-writer.ts) had said by a moment: the newest number of each kind of file. */
export interface Numbers {
  readonly record: number
  readonly stage: number
  readonly routes: number
  readonly history: number
}

/** Looks at what lies on a disk, as a process that starts there does. Nothing is written. */
export function createCutCheck(root: string) {
  const place = placesOf(root)
  const files = createNodeFiles()
  const random = createSystemRandom()
  const checks = createStorageChecks()
  const store = createRecordStore({ path: place.record, files: { ...files, remove: () => Promise.resolve() }, random, log: silentLog, checks })
  const history = createHistoryStore({ path: place.history, files, random, log: silentLog, checks, limit: historyLimit })
  const readRoutes = createRoutesReader()
  const router = createTraefikRouter({ routesPath: place.routes, stagingDirectory: place.staging, files, readRoutes })

  async function wrongRecord(done: Numbers, begun: Numbers): Promise<string[]> {
    const loaded = await store.load()
    if (loaded.kind !== 'record') return done.record === 0 && loaded.kind === 'none' ? [] : [`record ${done.record} was acknowledged, found is ${loaded.kind === 'damaged' ? loaded.reason : loaded.kind}`]
    const { sequence } = loaded.record
    if (sequence < done.record || sequence > begun.record) return [`record ${done.record} was acknowledged, found is ${sequence}`]
    return isDeepStrictEqual(loaded.record, recordNumbered(sequence)) ? [] : [`record ${sequence} is not as it was written`]
  }

  async function wrongRoutes(done: Numbers, begun: Numbers): Promise<string[]> {
    const found = await router.read()
    if (found.kind !== 'routes') return done.routes === 0 && found.kind === 'missing' ? [] : [`routes ${done.routes} were acknowledged, found are ${found.kind}`]
    const number = Number(found.generation)
    if (number < done.routes || number > begun.routes) return [`routes ${done.routes} were acknowledged, found are ${number}`]
    return found.text === router.render(routesNumbered(number)) ? [] : [`routes ${number} are not as they were written`]
  }

  /** A prepared version must be there, whole, until it is in force: the way back hangs on it (I10). */
  async function wrongStage(done: Numbers, begun: Numbers): Promise<string[]> {
    if (done.stage <= begun.routes) return []
    const bytes = await files.read(`${place.staging}/routes-${routesNumbered(done.stage).generation}.yml`)
    const found = bytes === null ? null : readRoutes(bytes)
    return found?.kind === 'routes' && found.text === router.render(routesNumbered(done.stage)) ? [] : [`the prepared routes ${done.stage} were acknowledged, found are ${found?.kind ?? 'none'}`]
  }

  async function wrongHistory(done: Numbers): Promise<string[]> {
    const entries = await history.entries()
    const newest = Number(entries.at(-1)?.result.operationId.slice('op-'.length) ?? 0)
    if (newest < done.history) return [`entry ${done.history} of the history was acknowledged, the newest found is ${newest}`]
    const count = Math.min(newest, historyLimit)
    const expected = Array.from({ length: count }, (_, index) => entryNumbered(newest - count + 1 + index))
    return isDeepStrictEqual(entries, expected) ? [] : [`the history up to ${newest} is not as it was written`]
  }

  return async (done: Numbers, begun: Numbers): Promise<string[]> => [
    ...await wrongRecord(done, begun), ...await wrongRoutes(done, begun), ...await wrongStage(done, begun), ...await wrongHistory(done),
  ]
}
