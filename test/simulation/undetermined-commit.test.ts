import { afterEach, expect, test, vi } from 'vitest'
import { Journal } from '../../src/rollout/journal.ts'
import { settle } from './at-rest.ts'
import { ask } from './operator.ts'
import { faults, type Interference } from './world/effects.ts'
import { commitOf } from './world/releases.ts'
import { World } from './world/world.ts'

afterEach(() => vi.restoreAllMocks())

const fails: Interference = faults['fails']
const landsButFails: Interference = faults['takes effect but fails']

/** The commit's write reaches the disk or not, but is reported as failed; from then on the disk takes nothing. */
function dyingDisk(commitLands: boolean): Interference {
  let died = false
  return (effect, run, daemon) => {
    if (effect.name !== 'store.write') return run()
    if (effect.record?.operation?.phase === 'retiring' && !died) {
      died = true
      return (commitLands ? landsButFails : fails)(effect, run, daemon)
    }
    return died ? fails(effect, run, daemon) : run()
  }
}

async function atTheCommit(commitLands: boolean): Promise<World> {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  world.stack.effects.interference = dyingDisk(commitLands)
  const started = await world.run(ask(world, 'v1.1.0'))
  expect(await world.run(started.outcome)).toMatchObject({ status: 'failed', paused: true, error: expect.stringContaining('undo is not complete') })
  await world.run(started.finished)
  return world
}

function running(world: World): string[] {
  return world.stack.engine.instances.filter(({ state }) => state === 'running').map(({ service, image }) => `${service} ${image.version}`).toSorted()
}

const everything = ['api-blue 1.0.0', 'api-green 1.1.0', 'bot 1.1.0', 'skills-blue 1.0.0', 'skills-green 1.1.0']

test.each([true, false])('a commit that may or may not be on a disk that then takes nothing: the traffic goes back, nothing is stopped (it landed: %s)', async (commitLands) => {
  const world = await atTheCommit(commitLands)
  await world.pass(60_000)
  expect(world.stack.publicEntryPoints.map((name) => world.stack.traefik.at(name)?.active)).toEqual(['blue', 'blue'])
  expect(running(world)).toEqual(everything)
  expect(world.updater.status()).toMatchObject({ paused: true, state: 'rolling_back' })

  world.stack.effects.interference = (_effect, run) => run()
  await settle(world)
  expect(world.updater.status()).toMatchObject({ active: { commit: commitOf('v1.0.0') }, paused: true, lastResult: { status: 'rolled_back' } })
})

test('it landed, and the daemon dies before the disk is mended: the next one believes the disk and goes forward', async () => {
  const world = await atTheCommit(true)
  world.daemon.life.end()
  world.stack.effects.interference = (_effect, run) => run()
  await world.start()
  await settle(world)
  expect(world.updater.status()).toMatchObject({ active: { commit: commitOf('v1.1.0') }, activeColor: 'green' })
})

test('it did not land, and the daemon dies before the disk is mended: the next one undoes', async () => {
  const world = await atTheCommit(false)
  world.daemon.life.end()
  world.stack.effects.interference = (_effect, run) => run()
  await world.start()
  await settle(world)
  expect(world.updater.status()).toMatchObject({ active: { commit: commitOf('v1.0.0') }, paused: true })
})

test('an updater that has taken over from a stopped one may stop what the record gives up, although the stopped one, continued, cannot write its commit', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  const { life: stopped } = world.daemon
  world.stack.effects.interference = (effect, run, { life }) => {
    if (effect.record?.operation?.phase === 'retiring' && life === stopped) life.freeze()
    return run()
  }
  await world.run(ask(world, 'v1.1.0'))
  await world.until('the stop', () => stopped.frozen)
  const { updater } = world.boot()
  const recovery = updater.start()
  await world.until('the way back', () => world.stack.routed === 'blue')
  stopped.thaw()
  await world.run(recovery)
  await settle(world)
  expect(stopped.dead).toBe(true)
  expect(running(world)).toEqual(['api-blue 1.0.0', 'bot 1.0.0', 'skills-blue 1.0.0'])
})

test('the judge finds an updater that stops something while its own commit is undetermined, whatever a stopped one before it has written', async () => {
  vi.spyOn(Journal.prototype, 'settle').mockResolvedValue()
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  const { life: stopped } = world.daemon
  // It writes its first intent, and does not hear of it.
  world.stack.effects.interference = (effect, run, { life }) => run().finally(() => {
    if (effect.record?.operation && life === stopped) life.freeze()
  })
  void world.updater.apply({ tag: 'v1.1.0', version: '1.1.0', origin: 'api' })
  await world.until('the stop', () => stopped.frozen)
  await world.start()
  await settle(world)

  const dies = dyingDisk(false)
  world.stack.effects.interference = (effect, run, daemon) => dies(effect, run, daemon).catch((error: unknown) => {
    stopped.thaw()
    throw error
  })
  const started = await world.run(ask(world, 'v1.1.0'))
  await expect(world.run(started.finished)).rejects.toThrow(/I3 at .* by #\d+ runtime\.stop .*: the commit is undetermined/)
})
