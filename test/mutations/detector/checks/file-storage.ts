import { parse } from 'yaml'
import type { HistoryEntry, Routes } from '../../../../src/rollout/model.ts'
import type { Authority, HistoryStore, TrafficRouter } from '../../../../src/rollout/ports.ts'
import { createHistoryStore } from '../../../../src/storage/history-store.ts'
import { createTraefikRouter } from '../../../../src/traefik/traefik-router.ts'
import { recordOf } from '../../../contract/record-store/records.ts'
import { seededRandom } from '../../../simulation/world/seeded-random.ts'
import { places, storageChecks } from '../../../simulation/world/state-directory.ts'
import { usual } from '../../../simulation/world/topologies.ts'
import { must, type Check } from '../check.ts'
import { cutAt, emptyShelf, silent, survivals, type Shelf } from '../shelf.ts'

/** The real history and the real keeper of the routes over a disk that loses what was not synced (I6, faults 3, 4, 10, 44). */
export const fileStorage: readonly Check[] = [
  { name: 'the power goes at every call of files of the first and of the third line of the history', run: historyCut },
  { name: 'the last line of the history is torn', run: tornHistory },
  { name: 'a hundred operations in a history of ten', run: longHistory },
  { name: 'the power goes at every call of files while routes are prepared and put in force', run: routesCut },
  { name: 'routes that nobody prepared', run: unpreparedRoutes },
  { name: 'routes of a daemon that was passed over', run: passedOver },
  { name: 'what the routes file says', run: routesText },
]

const never = new AbortController().signal
const blue: Routes = { active: 'blue', generation: 'a'.repeat(32), sequence: 7, topology: usual }
const green: Routes = { active: 'green', generation: 'b'.repeat(32), sequence: 9, topology: usual }

async function historyCut(): Promise<void> {
  for (const survival of survivals) {
    for (const before of [0, 2]) {
      for (let at = 0, cut = true; cut; at += 1) {
        const shelf = emptyShelf()
        for (let line = 0; line < before; line += 1) await historyOn(shelf).append(entryOf(line))
        const history = historyOn(shelf)
        cut = await cutAt(shelf, at, survival, () => history.append(entryOf(before)))
        if (!cut) shelf.disk.powerCut(survival)
        const found = (await historyOn(shelf).entries()).length
        must('fault 10', found === before + 1 || (cut && found === before), `a power cut after call ${at} of files left ${found} of ${before} lines, the next one ${cut ? 'under way' : 'acknowledged'}`)
        await historyOn(shelf).append(entryOf(9))
        must('fault 44', (await historyOn(shelf).entries()).length === found + 1, 'the line after a power cut is lost')
      }
    }
  }
}

async function tornHistory(): Promise<void> {
  const shelf = emptyShelf()
  await historyOn(shelf).append(entryOf(1))
  const whole = Buffer.from(shelf.disk.read(places.history) ?? '').toString()
  shelf.disk.put(places.history, `${whole}${whole.slice(0, 40)}`)
  await historyOn(shelf).append(entryOf(2))
  const found = await historyOn(shelf).entries()
  must('fault 44', found.length === 2, `of two lines and a torn one between them ${found.length} are read`)
}

async function longHistory(): Promise<void> {
  const shelf = emptyShelf()
  const history = historyOn(shelf)
  for (let line = 0; line < 100; line += 1) await history.append(entryOf(line))
  const lines = Buffer.from(shelf.disk.read(places.history) ?? '').toString().split('\n').length - 1
  must('I9', lines <= 20, `a history of ten has ${lines} lines`)
  must('I9', (await history.entries()).at(-1)?.result.operationId === 'op-99', 'the newest line is not there')
}

async function routesCut(): Promise<void> {
  for (const survival of survivals) {
    for (let at = 0, cut = true; cut; at += 1) {
      const shelf = emptyShelf()
      await putInForce(shelf, blue)
      cut = await cutAt(shelf, at, survival, () => putInForce(shelf, green))
      if (!cut) shelf.disk.powerCut(survival)
      const live = await routerOn(shelf).read()
      must('fault 10', live.kind === 'routes', `a power cut after call ${at} of files left routes that are ${live.kind}`)
      must('fault 10', live.generation === green.generation || (cut && live.generation === blue.generation), `a switch that was acknowledged is gone after a power cut`)
      await putInForce(shelf, { ...green, generation: 'c'.repeat(32) })
    }
    // A way back that is prepared needs nothing more than its rename.
    const shelf = emptyShelf()
    await putInForce(shelf, green)
    await routerOn(shelf).stage(blue)
    shelf.disk.powerCut(survival)
    shelf.disk.free = 0
    const back = await routerOn(shelf).activate(blue.generation).then(() => true, () => false)
    must('I10', back, 'a way back that was prepared is gone after a power cut')
  }
}

async function unpreparedRoutes(): Promise<void> {
  const shelf = emptyShelf()
  const over = new AbortController()
  over.abort()
  await putInForce(shelf, blue)
  const accepted = await routerOn(shelf).activate(green.generation).then(() => true, () => false)
  must('I1', !accepted, 'routes that nobody prepared count as in force')
  await routerOn(shelf).stage(green)
  const [staged] = shelf.disk.list(places.staging)
  shelf.disk.put(`${places.staging}/${staged}`, 'http:\n')
  const damaged = await routerOn(shelf).activate(green.generation).then(() => true, () => false)
  must('I6', !damaged && (await routerOn(shelf).read()).kind === 'routes', 'prepared routes that were damaged came into force')
  await routerOn(shelf).sweep(over.signal)
  must('I10', shelf.disk.list(places.staging).length === 1, 'prepared routes are removed by what had to give way')
  await routerOn(shelf).sweep(never)
  must('I9', shelf.disk.list(places.staging).length === 0, 'prepared routes that nobody needs are left')
}

async function passedOver(): Promise<void> {
  const shelf = emptyShelf()
  await putInForce(shelf, blue)
  await routerOn(shelf).stage(green)
  const lost = routerOn(shelf, { check() { throw new Error('another updater took over') } })
  const accepted = await lost.activate(green.generation).then(() => true, () => false)
  const live = await routerOn(shelf).read()
  must('I5', !accepted && live.kind === 'routes' && live.active === 'blue', 'a daemon that lost its lock moved the traffic')
}

async function routesText(): Promise<void> {
  const shelf = emptyShelf()
  await putInForce(shelf, green)
  const live = await routerOn(shelf).read()
  must('fault 17', live.kind === 'routes' && live.sequence === green.sequence, 'the routes do not tell the number of the record')
  must('fault 31', live.generation === green.generation && live.active === 'green', 'the routes do not tell their generation')
  for (const [name, middlewares] of routersOf(live.text)) {
    must('fault 31', middlewares[0] === 'updater-generation', `answers of router ${name} carry no stamp`)
  }
}

function routersOf(text: string): [string, unknown[]][] {
  const file: unknown = parse(text)
  const routers: [string, unknown[]][] = []
  if (!hasKey(file, 'http') || !hasKey(file.http, 'routers')) return routers
  for (const [name, router] of Object.entries(file.http.routers ?? {})) {
    routers.push([name, hasKey(router, 'middlewares') && Array.isArray(router.middlewares) ? router.middlewares : []])
  }
  must('fault 31', routers.length >= 4, `the routes have ${routers.length} routers`)
  return routers
}

function hasKey<K extends string>(value: unknown, key: K): value is Record<K, unknown> {
  return typeof value === 'object' && value !== null && key in value
}

async function putInForce(shelf: Shelf, routes: Routes): Promise<void> {
  const router = routerOn(shelf)
  await router.stage(routes)
  await router.activate(routes.generation)
}

function routerOn(shelf: Shelf, authority: Authority = { check: () => undefined }): TrafficRouter {
  return createTraefikRouter({ routesPath: places.routes, stagingDirectory: places.staging, files: shelf.files(), authority })
}

function historyOn(shelf: Shelf): HistoryStore {
  return createHistoryStore({ path: places.history, files: shelf.files(), random: seededRandom(shelf.effects.files.length), log: silent, limit: 10, checks: storageChecks })
}

function entryOf(number: number): HistoryEntry {
  const { lastResult } = recordOf()
  if (lastResult === null) throw new Error('the record has a result')
  return { tag: `v1.${number}.0`, version: `1.${number}.0`, result: { ...lastResult, operationId: `op-${number}` }, timestamp: lastResult.completedAt }
}
