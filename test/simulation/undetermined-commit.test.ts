import { expect, test } from 'vitest'
import { settle } from './at-rest.ts'
import { ask } from './operator.ts'
import { faults, type Interference } from './world/effects.ts'
import { commitOf } from './world/releases.ts'
import { World } from './world/world.ts'

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
