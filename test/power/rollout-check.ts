import { readFile } from 'node:fs/promises'
import { createHistoryStore } from '../../src/storage/history-store.ts'
import { createNodeFiles } from '../../src/storage/node-files.ts'
import { decodeRecord } from '../../src/storage/record-file.ts'
import { createStorageChecks } from '../../src/storage/record-schema.ts'
import { createRecordStore } from '../../src/storage/record-store.ts'
import { createSpaceReserve } from '../../src/storage/space-reserve.ts'
import { createSystemRandom } from '../../src/storage/system-random.ts'
import { createRoutesReader } from '../../src/traefik/read-routes.ts'
import { createTraefikRouter } from '../../src/traefik/traefik-router.ts'
import { isDeepStrictEqual } from 'node:util'
import { silentLog } from '../unit/storage/silent-log.ts'
import { entryOf, generations, moments, places, recordAt, routesAt, type Moment } from './rollout-files.ts'

const checks = createStorageChecks()
const readRoutes = createRoutesReader()
const files = createNodeFiles()
const random = createSystemRandom()

/** A state directory, and what the rollout that wrote into it said: see rollout-writes.ts. */
export interface Said {
  readonly root: string
  readonly lines: readonly string[]
}

/** The stores of a process that starts on a state directory. */
export function openAt(root: string) {
  const place = places(root)
  const reserve = createSpaceReserve({ path: place.reserve, files, pieceSize: place.pieceSize, log: silentLog })
  return {
    store: createRecordStore({ path: place.record, files, random, log: silentLog, checks, reserve }),
    history: createHistoryStore({ path: place.history, files, random, log: silentLog, checks, reserve }),
    router: createTraefikRouter({ routesPath: place.routes, stagingDirectory: place.staging, files, readRoutes }),
  }
}

/**
 * What a fresh start finds wrong in files that a rollout left: each must be the last acknowledged version or one that
 * was begun after it, whole; and going on from there must work.
 */
export async function wrongAfter(said: Said): Promise<string[]> {
  return [...await wrongRecord(said), ...await wrongRoutes(said), ...await wrongHistory(said), ...await wrongAfterRecovery(said)]
}

async function wrongRecord({ root, lines }: Said): Promise<string[]> {
  const loaded = await openAt(root).store.load()
  if (loaded.kind !== 'record') return [`the record is ${loaded.kind}${loaded.kind === 'damaged' ? `: ${loaded.reason}` : ''}`]
  const allowed = newest(lines, 'record', `${places(root).firstSequence} before`).map((words) => words.split(' '))
  const found = allowed.some(([sequence, moment]) => isMoment(moment) && isDeepStrictEqual(loaded.record, recordAt(Number(sequence), moment)))
  const previous = decodeRecord(await readFile(`${places(root).record}.previous`), checks)
  return [
    ...(found ? [] : [`the record has number ${loaded.record.sequence}, allowed are ${allowed.join('; ')}`]),
    ...(previous.kind === 'record' && previous.record.sequence <= loaded.record.sequence ? [] : [`the previous record is ${previous.kind}`]),
  ]
}

async function wrongRoutes({ root, lines }: Said): Promise<string[]> {
  const { router } = openAt(root)
  const found = await router.read()
  const allowed = newest(lines, 'activate', generations.first)
  if (found.kind !== 'routes') return [`the routes are ${found.kind}`]
  const which = (['first', 'target', 'back'] as const).find((name) => generations[name] === found.generation)
  if (which === undefined || !allowed.includes(generations[which])) return [`the routes are ${String(found.generation)}, allowed are ${allowed.join('; ')}`]
  return found.text === router.render(routesAt(which)) ? [] : ['the routes are not the text that was written']
}

async function wrongHistory({ root, lines }: Said): Promise<string[]> {
  const found = (await openAt(root).history.entries()).map(({ result }) => result.operationId)
  const told = ['earlier', ...lines.flatMap((line) => (line.startsWith('done history ') ? [line.slice('done history '.length)] : []))]
  return told.filter((id) => !found.includes(id)).map((id) => `the history lost ${id}`)
}

/** Goes on from what is there, as the next start does; the way back must need the prepared file only (I10). */
async function wrongAfterRecovery({ root, lines }: Said): Promise<string[]> {
  const { store, history, router } = openAt(root)
  const loaded = await store.load()
  if (loaded.kind !== 'record') return []
  const { operation, sequence } = loaded.record
  const committed = operation?.phase === 'retiring' || loaded.record.activeColor === 'green'
  try {
    if (!committed && lines.some((line) => line === `begin activate ${generations.target}`)) await router.activate(generations.back)
    await history.append(entryOf('recovery'))
    await store.write(recordAt(sequence + 1, committed ? 'finished' : 'held'))
    await router.sweep(new AbortController().signal)
  } catch (error) {
    return [`recovery failed: ${String(error)}`]
  }
  const routes = await router.read()
  const color = committed ? 'green' : 'blue'
  const left = [...await files.list(root), ...await files.list(places(root).staging)].filter((name) => name.includes('.tmp') || name.startsWith('routes-'))
  return [
    ...(routes.kind === 'routes' && routes.active === color ? [] : [`after recovery the routes do not lead to ${color}`]),
    ...left.map((name) => `${name} was left over`),
  ]
}

/** The last version of this kind that was acknowledged, and those that were begun since. */
function newest(lines: readonly string[], kind: string, first: string): string[] {
  let versions = [first]
  for (const line of lines) {
    if (line.startsWith(`begin ${kind} `)) versions.push(line.slice(`begin ${kind} `.length))
    if (line.startsWith(`done ${kind} `)) versions = [line.slice(`done ${kind} `.length)]
  }
  return versions
}

function isMoment(word: string | undefined): word is Moment {
  return moments.some((moment) => moment === word)
}
