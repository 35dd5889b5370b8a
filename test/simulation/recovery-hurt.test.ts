import { describe, expect, test } from 'vitest'
import { planOf } from '../../src/rollout/plan.ts'
import { settle } from './at-rest.ts'
import { applyUpTo, killIn } from './operator.ts'
import { halt, routeByHand, sicken, states } from './outside.ts'
import { once } from './world/effects.ts'
import { commitOf } from './world/releases.ts'
import { usual } from './world/topologies.ts'
import { watchInterval, World, type WorldOptions } from './world/world.ts'

const plan = planOf(usual, 'green')

async function ready(options: WorldOptions = {}): Promise<World> {
  const world = new World({ releases: { 'v1.1.0': 'good' }, ...options })
  await world.start()
  return world
}

describe('R8: found while switching or swapping, the old color stopped', () => {
  test('it is started again, and the rollout undone', async () => {
    const world = await ready()
    await killIn(world, 'v1.1.0', 'health_bot')
    world.disturbed = true
    await halt(world, 'blue')
    await world.start()
    world.disturbed = false
    await settle(world)
    expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.0.0' }, activeColor: 'blue', paused: true })
  })

  test('it was even removed: it is created again from its own image', async () => {
    const world = await ready()
    await killIn(world, 'v1.1.0', 'health_bot')
    world.disturbed = true
    await halt(world, 'blue')
    for (const instance of world.stack.instancesOf('blue')) if (instance !== undefined) world.stack.engine.discard(instance)
    await world.start()
    world.disturbed = false
    await settle(world)
    expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.0.0' }, activeColor: 'blue', paused: true })
  })

  test('in every operation anew: the tries of an earlier one do not count', async () => {
    const world = await ready({ releases: { 'v1.1.0': 'bot dies' } })
    for (let operation = 0; operation < 4; operation += 1) {
      const started = await applyUpTo(world, 'v1.1.0', 'health_bot')
      world.disturbed = true
      await halt(world, 'blue')
      await world.run(started.finished)
      await settle(world)
      world.disturbed = false
      expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.0.0' }, activeColor: 'blue' })
      await world.unpause()
    }
  })
})

describe('R9: found while switching or swapping, neither color healthy', () => {
  test('old routes, both kept, tried again until the old one is well: then undone, and held', async () => {
    const world = await ready()
    await killIn(world, 'v1.1.0', 'health_bot')
    world.disturbed = true
    sicken(world, 'blue')
    sicken(world, 'green')
    await world.start()
    await world.pass(5 * watchInterval)
    expect(world.stack.routed).toBe('blue')
    expect([...states(world, 'blue'), ...states(world, 'green')]).toEqual(['running', 'running', 'running', 'running'])
    expect(world.updater.status()).toMatchObject({ paused: true, state: 'updating' })
    sicken(world, 'blue', false)
    await world.pass(watchInterval + 2_000)
    world.disturbed = false
    await settle(world)
    expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.0.0' }, paused: true, lastResult: { status: 'rolled_back' } })
  })
})

describe('R10: found while switching or swapping, only the new color healthy', () => {
  test('the new color goes on serving, the last good release stays what it was, rollouts are held', async () => {
    const world = await ready()
    await killIn(world, 'v1.1.0', 'health_bot')
    world.disturbed = true
    sicken(world, 'blue')
    await world.start()
    expect(world.updater.status()).toMatchObject({
      state: 'idle', activeColor: 'green', active: { tag: 'v1.1.0' }, lastGoodTag: null, paused: true,
      lastResult: { status: 'failed', activeColor: 'green', error: expect.stringContaining('goes on serving') },
    })
    expect([...states(world, 'blue'), ...states(world, 'green')]).toEqual(['running', 'running', 'running', 'running'])
    expect(world.stack.engine.of('bot')).toHaveLength(1)
    await world.pass(watchInterval)
    expect(world.stack.publicEntryPoints.map((name) => world.stack.traefik.at(name)?.active)).toEqual(['green', 'green'])
    expect(await world.unpause()).toMatchObject({ kind: 'value' })
  })

  test('killed at any of its effects it ends the same', async () => {
    for (let at = 0; at < 6; at += 1) {
      const world = await ready()
      await killIn(world, 'v1.1.0', 'health_bot')
      world.disturbed = true
      sicken(world, 'blue')
      const first = world.stack.effects.done.length
      world.stack.effects.interference = once('crash before', ({ index }) => index === first + at)
      await world.start()
      if (world.daemon.life.dead) await world.start()
      await world.pass(watchInterval)
      expect(world.updater.status(), `killed at ${at}`).toMatchObject({ state: 'idle', activeColor: 'green', active: { tag: 'v1.1.0' }, lastGoodTag: null, paused: true })
    }
  })
})

describe('R11: found while retiring, the target routed', () => {
  test.each(['drain', 'stop_old_color', 'update_tree'])('killed in %s: finished, never undone; the drain starts anew', async (step) => {
    const world = await ready()
    await killIn(world, 'v1.1.0', step)
    await world.start()
    await settle(world)
    expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.1.0' }, activeColor: 'green', paused: false, lastResult: { status: 'success' } })
    expect(world.stack.git.tree).toMatchObject({ commit: commitOf('v1.1.0') })
    const [entry] = await world.run(world.updater.history())
    expect(entry?.result.stepsCompleted).toEqual(plan)
  })

  test('while Traefik does not answer the old color is not stopped', async () => {
    const world = await ready()
    await killIn(world, 'v1.1.0', 'drain')
    world.stack.traefik.down = true
    await world.start()
    await world.pass(5 * watchInterval)
    expect(states(world, 'blue')).toEqual(['running', 'running'])
    world.stack.traefik.down = false
    await world.pass(60_000)
    await settle(world)
    expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.1.0' } })
  })
})

describe('R12: found while retiring, the other color routed', () => {
  test('the target healthy: its routes are written, the old color retires, rollouts are held', async () => {
    const world = await ready()
    await killIn(world, 'v1.1.0', 'drain')
    routeByHand(world, 'blue')
    await world.start()
    await settle(world)
    expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.1.0' }, activeColor: 'green', paused: true })
  })

  test('the target ill: what serves is taken over, rollouts are held', async () => {
    const world = await ready()
    await killIn(world, 'v1.1.0', 'drain')
    world.disturbed = true
    routeByHand(world, 'blue')
    sicken(world, 'green')
    await world.start()
    await world.pass(2 * watchInterval)
    // The bot is of the new release already, so what runs has no commit of its own.
    expect(world.updater.status()).toMatchObject({ state: 'idle', activeColor: 'blue', active: { commit: expect.stringMatching(/^adopted-/) }, paused: true })
  })
})

describe('R2: found open, the engine does not answer', () => {
  test('the traffic is brought back to the old color, which answers through Traefik; the rest follows when the engine is back', async () => {
    const world = await ready()
    await killIn(world, 'v1.1.0', 'health_bot')
    world.stack.engine.fault = 'connect ENOENT'
    await world.start()
    await world.pass(1_000)
    expect(world.stack.routed).toBe('blue')
    expect(world.stack.publicEntryPoints.map((name) => world.stack.traefik.at(name)?.active)).toEqual(['blue', 'blue'])
    expect(world.updater.status().findings).toEqual([expect.stringContaining('connect ENOENT')])
    await world.pass(5 * watchInterval)
    world.stack.engine.fault = null
    await settle(world)
    expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.0.0' }, paused: true })
  })

  test('while preparing nothing is done until it is back', async () => {
    const world = await ready()
    await killIn(world, 'v1.1.0', 'docker_build')
    world.stack.engine.fault = 'connect ENOENT'
    await world.start()
    await world.pass(3 * watchInterval)
    expect(world.stack.record?.operation?.phase).toBe('preparing')
    world.stack.engine.fault = null
    await settle(world)
  })
})

describe('R5: found open, more than one bot', () => {
  test.each([['health_bot', 'v1.0.0'], ['drain', 'v1.1.0']])('killed in %s: exactly one stays, of %s', async (step, stays) => {
    const world = await ready()
    await killIn(world, 'v1.1.0', step)
    world.disturbed = true
    const image = world.stack.images.get('bot', commitOf('v1.0.0'))
    if (image === undefined) throw new Error('there is no image')
    world.stack.engine.launch(world.stack.engine.create('bot', image, true))
    await world.start()
    world.disturbed = false
    await settle(world)
    expect(world.stack.engine.of('bot')).toMatchObject([{ image: { commit: commitOf(stays) } }])
  })
})

test('R11: the engine died while the old color retired and took all containers along: what serves is started before anything is drained', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  await settle(world)
  await killIn(world, 'v1.1.0', 'drain')
  world.disturbed = true
  world.stack.engine.die('socket hang up')
  world.stack.engine.comeBack('its death')
  const began = world.time.now
  world.boot()
  const started = world.drive(world.updater.start())
  await world.until('the new color', () => world.stack.isColorHealthy('green'))
  const starts = world.stack.instancesOf('green').map((instance) => (instance?.startedAt ?? Infinity) - began)
  expect(Math.max(...starts)).toBeLessThan(1_000)
  await started
  world.disturbed = false
  await settle(world)
  expect(world.updater.status()).toMatchObject({ activeColor: 'green', active: { tag: 'v1.1.0' } })
})
