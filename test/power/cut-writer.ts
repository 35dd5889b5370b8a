import { writeSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import type { Files } from '../../src/rollout/ports.ts'
import { createHistoryStore } from '../../src/storage/history-store.ts'
import { createNodeFiles } from '../../src/storage/node-files.ts'
import { createRecordStore } from '../../src/storage/record-store.ts'
import { createSystemRandom } from '../../src/storage/system-random.ts'
import { createTraefikRouter } from '../../src/traefik/traefik-router.ts'
import { silentLog } from '../unit/storage/silent-log.ts'
import { entryNumbered, historyLimit, placesOf, recordNumbered, routesNumbered } from './cut-files.ts'

/*
 * Writes records, routes and history on the directory given as argument until it is ended, each under the next number,
 * and says `begin <kind> <number>` before and `done <kind> <number>` after each one, when it is acknowledged. The
 * second argument leaves something out: `file-sync`, `directory-sync`; then its words are not true after a power cut.
 */

const [root = '', leftOut = 'nothing'] = process.argv.slice(2)
const place = placesOf(root)
const files = without(leftOut, createNodeFiles())
const random = createSystemRandom()
const store = createRecordStore({ path: place.record, files, random, log: silentLog })
const history = createHistoryStore({ path: place.history, files, random, log: silentLog, limit: historyLimit })
const router = createTraefikRouter({ routesPath: place.routes, stagingDirectory: place.staging, files })

function without(what: string, all: Files): Files {
  const nothing = () => Promise.resolve()
  if (what === 'directory-sync') return { ...all, syncDirectory: nothing }
  if (what === 'file-sync') return { ...all, create: async (path, mode) => ({ ...(await all.create(path, mode)), sync: nothing }), append: async (path, mode) => ({ ...(await all.append(path, mode)), sync: nothing }) }
  if (what === 'nothing') return all
  throw new Error(`nothing is known of leaving out ${what}`)
}

async function tell(kind: string, number: number, task: () => Promise<void>): Promise<void> {
  writeSync(1, `begin ${kind} ${number}\n`)
  await task()
  writeSync(1, `done ${kind} ${number}\n`)
}

async function main(): Promise<void> {
  for (let number = 1; ; number += 1) {
    const routes = routesNumbered(number)
    const writes = [
      ['record', () => store.write(recordNumbered(number))],
      ['stage', () => router.stage(routes)],
      ['routes', () => router.activate(routes.generation)],
      ['history', () => history.append(entryNumbered(number))],
    ] as const
    for (const [index, [kind, write]] of writes.entries()) {
      await tell(kind, number, write)
      // Quiet after each kind in turn: the next write's sync would bring along what this one left out.
      if (index === number % writes.length) await wait(quiet)
    }
  }
}

/** ms */
const quiet = 40

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`)
  process.exitCode = 1
})
