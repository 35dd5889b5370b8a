import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { createHistoryStore } from '../../src/storage/history-store.ts'
import { createNodeFiles } from '../../src/storage/node-files.ts'
import { createRecordStore } from '../../src/storage/record-store.ts'
import { createSpaceReserve } from '../../src/storage/space-reserve.ts'
import { createTraefikRouter } from '../../src/traefik/traefik-router.ts'
import { silentLog } from '../unit/storage/silent-log.ts'
import { entryOf, generations, places, recordAt, routesAt, type Moment } from './rollout-files.ts'

/*
 * Everything that a rollout writes to its state directory, given as argument, by the real storage and the real routes
 * adapter, in the order of src/rollout: run under strace by system-calls.test.ts. Before each write it says `begin …`,
 * afterwards `done …` or `failed … <code>`. Like the core, it turns round at the first failure before the commit.
 */

const root = process.argv[2] ?? ''
const place = places(root)
const files = createNodeFiles()
/** Names that can be foretold, because strace is told them. */
let tokens = 0
const random = { token: () => `${tokens++}`.padStart(32, '0') }
const reserve = createSpaceReserve({ path: place.reserve, files, pieceSize: place.pieceSize, log: silentLog })
const store = createRecordStore({ path: place.record, files, random, log: silentLog, reserve })
const history = createHistoryStore({ path: place.history, files, random, log: silentLog, reserve })
const router = createTraefikRouter({ routesPath: place.routes, stagingDirectory: join(root, 'traefik/.staging'), files })

let sequence = place.firstSequence
const record = (moment: Moment) => {
  sequence += 1
  const next = recordAt(sequence, moment)
  return tell(`record ${sequence} ${moment}`, () => store.write(next))
}
const stage = (which: 'target' | 'back') => tell(`stage ${generations[which]}`, () => router.stage(routesAt(which)))
const activate = (which: 'target' | 'back') => tell(`activate ${generations[which]}`, () => router.activate(generations[which]))

async function tell(what: string, task: () => Promise<unknown>): Promise<void> {
  say(`begin ${what}`)
  try {
    await task()
  } catch (error) {
    say(`failed ${what} ${error instanceof Error && 'code' in error ? String(error.code) : String(error)}`)
    throw error
  }
  say(`done ${what}`)
}

function say(line: string): void {
  writeSync(1, `${line}\n`)
}

let switched = false

async function forward(): Promise<void> {
  await record('preparing')
  await stage('back')
  await stage('target')
  await record('switching')
  switched = true
  await activate('target')
  await record('swapping')
  await record('committed')
}

async function backward(): Promise<void> {
  await record('failed').catch(() => undefined) // a note: kept in memory
  if (switched) await again(() => activate('back'))
  await append('failed')
  await again(() => record('held'))
}

async function finish(): Promise<void> {
  await append('finished')
  await again(() => record('finished'))
}

/** Its failure harms nothing (fault 44). */
async function append(operation: string): Promise<void> {
  await tell(`history ${operation}`, () => history.append(entryOf(operation))).catch(() => undefined)
}

/** As the next look does. */
function again(task: () => Promise<void>): Promise<void> {
  return task().catch(task)
}

async function main(): Promise<void> {
  let way = 'finished'
  await forward().then(finish, async () => {
    way = 'undone'
    await backward()
  })
  await router.sweep(new AbortController().signal)
  say(way)
}

main().catch((error: unknown) => {
  say(`ended by ${String(error)}`)
  process.exitCode = 1
})
