import { describe, expect, test } from 'vitest'
import type { UpdaterRecord } from '../../src/rollout/model.ts'
import { servicesOf, type Color } from '../../src/rollout/topology.ts'
import { settle } from './at-rest.ts'
import { apply, ask, killIn } from './operator.ts'
import { halt, states } from './outside.ts'
import { commitOf } from './world/releases.ts'
import { damageRecord, places, removeRecord, restoreRecord } from './world/state-directory.ts'
import { watchInterval, World } from './world/world.ts'

/** A stack on v1.0.0 whose daemon died in this step of an apply of v1.1.0; what comes next is somebody else's doing. */
async function killedIn(step: string): Promise<{ world: World; before: UpdaterRecord }> {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  await settle(world)
  const before = world.stack.record
  if (before === null) throw new Error('there is no record')
  await killIn(world, 'v1.1.0', step)
  world.disturbed = true
  return { world, before }
}

/** v1.1.0 serves on green, v1.0.0 lies stopped on blue, the daemon is dead. */
async function upgraded(): Promise<World> {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  await apply(world, 'v1.1.0')
  await settle(world)
  world.daemon.life.end()
  world.disturbed = true
  return world
}

function removeContainers({ stack: { engine } }: World, ...services: readonly string[]): void {
  for (const instance of services.flatMap((service) => engine.of(service))) engine.discard(instance)
}

function ofColor({ stack }: World, color: Color): string[] {
  return servicesOf(stack.topology, color)
}

async function comesBack(world: World): Promise<void> {
  await world.start()
  await world.pass(3 * watchInterval)
  world.disturbed = false
  await settle(world)
}

describe('R4 while a container is missing', () => {
  test.each([
    ['damaged', ({ stack }: World) => damageRecord(stack.disk)],
    ['gone', ({ stack }: World) => removeRecord(stack.disk)],
    ['an older copy', ({ stack }: World, before: UpdaterRecord) => restoreRecord(stack.disk, before)],
  ])('the record is %s and there is no bot: what serves is taken over, and its bot is made again', async (_name, lose) => {
    const { world, before } = await killedIn('health_bot')
    removeContainers(world, 'bot')
    lose(world, before)
    await comesBack(world)
    expect(world.updater.status()).toMatchObject({
      activeColor: 'green', active: { commit: commitOf('v1.1.0') }, paused: true,
      pauseReason: expect.stringContaining('There was no container of bot: it is made again of v1.1.0'),
    })
    expect(states(world, 'blue')).toEqual(['exited', 'exited'])
    expect(await world.unpause()).toMatchObject({ kind: 'value' })
  })

  test('the routed color has no containers and the other one is healthy: that is taken over and routed', async () => {
    const { world } = await killedIn('health_routed_skills')
    removeRecord(world.stack.disk)
    removeContainers(world, ...ofColor(world, 'green'))
    await comesBack(world)
    expect(world.stack.routed).toBe('blue')
    expect(world.updater.status()).toMatchObject({ activeColor: 'blue', active: { commit: commitOf('v1.0.0') }, paused: true })
  })

  test('the routed color has no containers and the other one is stopped: the routed one is made again, of the bot\'s release', async () => {
    const world = await upgraded()
    damageRecord(world.stack.disk)
    removeContainers(world, ...ofColor(world, 'green'))
    await comesBack(world)
    expect(states(world, 'green')).toEqual(['running', 'running'])
    expect(world.updater.status()).toMatchObject({ activeColor: 'green', active: { commit: commitOf('v1.1.0') }, paused: true })
  })

  test('one service of the routed color has no container: it is made again of the release of the other one', async () => {
    const world = await upgraded()
    damageRecord(world.stack.disk)
    await halt(world, 'green')
    removeContainers(world, 'api-green', 'bot')
    await comesBack(world)
    expect(states(world, 'green')).toEqual(['running', 'running'])
    expect(world.updater.status()).toMatchObject({ activeColor: 'green', active: { commit: commitOf('v1.1.0') }, pauseReason: expect.stringContaining('api-green, bot: they are made again of v1.1.0') })
  })

  test('nothing is left of what served: it is made again of what its tags name, and what that was is told to be unknown', async () => {
    const world = await upgraded()
    damageRecord(world.stack.disk)
    removeContainers(world, ...ofColor(world, 'green'), 'bot')
    await comesBack(world)
    expect(world.stack.instancesOf('green').map((instance) => instance?.image.version)).toEqual(['1.1.0', '1.1.0'])
    expect(world.stack.engine.of('bot').map(({ image }) => image.version)).toEqual(['1.1.0'])
    expect(world.updater.status()).toMatchObject({ activeColor: 'green', active: { tag: 'adopted' }, pauseReason: expect.stringContaining('of which release these are cannot be known') })
  })

  test('images that tell no commit: the bot is made again of the one that its tag names', async () => {
    const world = new World({ labelled: false })
    await world.start()
    await settle(world)
    world.daemon.life.end()
    world.disturbed = true
    const [bot] = world.stack.engine.of('bot')
    removeContainers(world, 'bot')
    damageRecord(world.stack.disk)
    await comesBack(world)
    expect(world.stack.engine.of('bot').map(({ image }) => image)).toEqual([bot?.image])
    expect(world.updater.status()).toMatchObject({ active: { tag: 'adopted' }, paused: true, pauseReason: expect.stringContaining('of which release these are cannot be known') })
  })

  test('the routes are unreadable and only the color that served has containers: it is the one that is taken over', async () => {
    const world = await upgraded()
    damageRecord(world.stack.disk)
    world.stack.disk.put(places.routes, 'http: [')
    removeContainers(world, ...ofColor(world, 'blue'))
    await halt(world, 'green')
    await comesBack(world)
    expect(world.stack.routed).toBe('green')
    expect(world.updater.status()).toMatchObject({ activeColor: 'green', active: { commit: commitOf('v1.1.0') }, paused: true })
  })

  test('there is no container at all: it waits for whoever brings the stack up, and is paused meanwhile', async () => {
    const world = await upgraded()
    damageRecord(world.stack.disk)
    const services = [...ofColor(world, 'green'), 'bot']
    removeContainers(world, ...services, ...ofColor(world, 'blue'))
    await world.start()
    await world.pass(5 * watchInterval)
    expect(world.stack.engine.instances).toEqual([])
    expect(world.updater.status()).toMatchObject({
      activeColor: null, paused: true, pauseReason: expect.stringContaining('damaged'), findings: [expect.stringContaining('docker compose up -d')],
    })
    expect(await world.drive(ask(world, 'v1.1.0'))).toMatchObject({ kind: 'error', error: { code: 'observing' } })
    const { engine, images } = world.stack
    for (const service of services) {
      const image = images.current.get(service)
      if (image !== undefined) engine.launch(engine.create(service, image, service === 'bot'))
    }
    await world.pass(2 * watchInterval)
    world.disturbed = false
    await settle(world)
    expect(world.updater.status()).toMatchObject({ activeColor: 'green', active: { commit: commitOf('v1.1.0') }, paused: true })
  })
})
