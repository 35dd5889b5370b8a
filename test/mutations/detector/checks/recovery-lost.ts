import type { PredecessorState } from '../../../../src/rollout/model.ts'
import { servicesOf } from '../../../../src/rollout/topology.ts'
import { halt } from '../../../simulation/outside.ts'
import { always } from '../../../simulation/world/effects.ts'
import { damageRecord, leaveNewerRecord, leavePredecessorState, places } from '../../../simulation/world/state-directory.ts'
import { watchInterval, World } from '../../../simulation/world/world.ts'
import { must, type Check } from '../check.ts'
import { endsWith, ready, upgraded } from '../operations.ts'

/** R3 and R4 where not everything is there that the record would tell of: containers, routes, the record's own bytes. */
export const recoveryLost: readonly Check[] = [
  { name: 'R3: the first start, Compose has not made the bot yet', run: broughtUp },
  { name: 'R3: the first start, the predecessor was paused and the engine is gone', run: predecessorPaused },
  { name: 'R4: the record is damaged and there is no bot', run: withoutBot },
  { name: 'R4: the record is damaged, there is no bot, and no image tells its commit', run: withoutBotAndCommit },
  { name: 'R4: the record is damaged, the routes too, and the color that does not serve is gone', run: withoutRoutes },
  { name: 'R4: the record is damaged and there is no container at all', run: withoutAnything },
  { name: 'R4: the record is damaged and the engine is gone', run: withoutEngine },
  { name: 'the disk does not give the record', run: withoutDisk },
  { name: 'R1: a record of a newer version counts as paused', run: newerRecord },
  { name: 'R1: the secret becomes unusable', run: secretLost },
]

async function broughtUp(): Promise<void> {
  const world = new World()
  world.disturbed = true
  const [bot] = world.stack.engine.of('bot')
  must('R3', bot !== undefined, 'there is no bot')
  world.stack.engine.discard(bot)
  await world.start()
  await world.pass(2 * watchInterval)
  must('R3', world.stack.effects.done.length === 0, 'a stack was taken over that Compose is still bringing up')
  must('R3', !world.updater.status().paused, 'a first start is paused')
  world.stack.engine.launch(world.stack.engine.create('bot', bot.image, true))
  await world.pass(2 * watchInterval)
  world.disturbed = false
  await endsWith(world, 'R3', { tag: 'v1.0.0', paused: false })
}

async function predecessorPaused(): Promise<void> {
  const state: PredecessorState = {
    activeColor: 'blue', lastGoodTag: 'v1.0.0', paused: true, pauseReason: 'broke last night', lastCheckedAt: null,
    lastAttemptedTag: null, lastSuccessAt: null, lastFailureAt: null, resumedAt: null, unknownKeys: {},
  }
  const world = new World()
  leavePredecessorState(world.stack.disk, state)
  world.stack.engine.fault = 'connect ENOENT'
  await world.start()
  must('I4', world.updater.status().pauseReason === 'broke last night', 'the predecessor\'s pause is not told')
}

async function withoutBot(): Promise<void> {
  const world = lost(await upgraded())
  remove(world, 'bot')
  await world.start()
  await world.pass(2 * watchInterval)
  world.disturbed = false
  await endsWith(world, 'R4', { tag: 'v1.1.0', paused: true })
  must('I11', world.updater.status().pauseReason?.includes('no container of bot') === true, 'nobody is told that the bot had to be made again')
}

async function withoutBotAndCommit(): Promise<void> {
  const world = lost(await ready({ labelled: false }))
  remove(world, 'bot')
  await world.start()
  await world.pass(2 * watchInterval)
  world.disturbed = false
  await endsWith(world, 'R4', { tag: 'adopted', paused: true })
}

async function withoutRoutes(): Promise<void> {
  const world = lost(await upgraded())
  world.stack.disk.put(places.routes, 'http: [')
  remove(world, ...servicesOf(world.stack.topology, 'blue'))
  await halt(world, 'green')
  await world.start()
  await world.pass(2 * watchInterval)
  world.disturbed = false
  await endsWith(world, 'R4', { tag: 'v1.1.0', paused: true })
  must('R4', world.stack.routed === 'green', 'a color that was not there was taken over, beside one that was')
}

async function withoutAnything(): Promise<void> {
  const world = lost(await upgraded())
  remove(world, ...world.stack.engine.instances.map(({ service }) => service))
  const first = world.stack.effects.done.length
  await world.start()
  await world.pass(2 * watchInterval)
  must('R4', world.stack.effects.done.length === first, 'something was taken over although nothing is there')
  must('I4', world.updater.status().paused, 'a damaged record does not count as paused')
}

async function withoutEngine(): Promise<void> {
  const world = lost(await upgraded())
  world.stack.engine.fault = 'connect ENOENT'
  await world.start()
  must('I4', world.updater.status().pauseReason?.includes('damaged') === true, 'a damaged record does not count as paused')
}

async function withoutDisk(): Promise<void> {
  const world = await upgraded()
  world.daemon.life.end()
  world.stack.effects.questionInterference = always('fails', ({ name, path }) => name === 'files.read' && path === places.record)
  await world.start()
  must('I4', world.updater.status().pauseReason?.includes('cannot be read') === true, 'a record that cannot be read does not count as paused')
}

async function newerRecord(): Promise<void> {
  const world = new World()
  leaveNewerRecord(world.stack.disk, 9)
  await world.start()
  must('I4', world.updater.status().pauseReason?.includes('schema 9') === true, 'a record of a newer version does not count as paused')
}

async function secretLost(): Promise<void> {
  const world = await ready()
  world.observing = 'The secret is empty.'
  must('I4', world.updater.status().pauseReason?.includes('The secret is empty.') === true, 'an updater that only observes is not paused')
  world.observing = null
  must('I4', !world.updater.status().paused, 'an updater that has its secret again is paused')
}

/** The daemon is dead and its record is damaged; what comes next is somebody else's doing. */
function lost(world: World): World {
  world.daemon.life.end()
  world.disturbed = true
  damageRecord(world.stack.disk)
  return world
}

function remove({ stack: { engine } }: World, ...services: readonly string[]): void {
  for (const instance of services.flatMap((service) => engine.of(service))) engine.discard(instance)
}
