import { describe, expect, test } from 'vitest'
import { planOf } from '../../src/rollout/plan.ts'
import { settle } from './at-rest.ts'
import { apply, applyUpTo, killIn } from './operator.ts'
import { states } from './outside.ts'
import { always, once } from './world/effects.ts'
import { usual } from './world/topologies.ts'
import { watchInterval, World, type WorldOptions } from './world/world.ts'

const plan = planOf(usual, 'green')
const upTo = (step: string): string[] => plan.slice(0, plan.indexOf(step))

async function ready(options: WorldOptions = {}): Promise<World> {
  const world = new World({ releases: { 'v1.1.0': 'good' }, ...options })
  await world.start()
  return world
}

describe('R6: found while preparing', () => {
  test.each(upTo('route_switch'))('killed in %s: the standby is taken away; the attempt counts, nothing is held', async (step) => {
    const world = await ready()
    await killIn(world, 'v1.1.0', step)
    await world.start()
    await settle(world)
    expect(world.stack.engine.of('skills-green')).toEqual([])
    expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.0.0' }, paused: false, quarantine: [], lastResult: { status: 'failed', error: expect.stringContaining('The updater ended') } })
    expect(world.stack.record?.failuresInARow).toBe(1)
  })

  test('three times in a row: rollouts are held', async () => {
    const world = await ready()
    for (const paused of [false, false, true]) {
      await killIn(world, 'v1.1.0', 'docker_build')
      await world.start()
      await settle(world)
      expect(world.updater.status().paused).toBe(paused)
    }
  })

  test('with the routes file gone: the old routes are written again, and the rollout is undone', async () => {
    const world = await ready()
    await killIn(world, 'v1.1.0', 'docker_build')
    world.stack.traefik.replaced(null)
    await world.start()
    await settle(world)
    expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.0.0' }, activeColor: 'blue' })
  })
})

describe('R7: found while switching or swapping, the old color healthy', () => {
  const steps = plan.slice(plan.indexOf('route_switch'), plan.indexOf('commit'))

  test.each(steps)('killed in %s: undone, and held because traffic was touched', async (step) => {
    const world = await ready()
    await killIn(world, 'v1.1.0', step)
    await world.start()
    await settle(world)
    expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.0.0' }, activeColor: 'blue', paused: true, quarantine: [], lastResult: { status: 'rolled_back' } })
    expect(await world.run(world.updater.history())).toMatchObject([{ tag: 'v1.1.0', result: { status: 'rolled_back' } }])
  })

  test('killed again and again during the undo: the same end', async () => {
    const world = await ready()
    await killIn(world, 'v1.1.0', 'health_bot')
    for (let life = 0; life < 12; life += 1) {
      const first = world.stack.effects.done.length
      world.stack.effects.interference = once('crash before', ({ index }) => index === first + life)
      await world.start()
      await world.drive(world.time.pause(200_000))
      if (!world.daemon.life.dead) break
    }
    world.stack.effects.interference = (_effect, run) => run()
    await world.restart()
    await settle(world)
    expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.0.0' }, paused: true })
  })

  test('killed in the commit\'s write, before it reached the disk: undone', async () => {
    const world = await ready()
    world.stack.effects.interference = once('crash before', ({ record }) => record?.operation?.phase === 'retiring')
    await applyUpTo(world, 'v1.1.0', 'commit')
    await world.until('the death', () => world.daemon.life.dead)
    await world.start()
    await settle(world)
    expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.0.0' } })
  })

  test('Traefik does not follow the way back: neither color is stopped until it does, and the bot is the old one meanwhile', async () => {
    const world = await ready({ labelled: false })
    const started = await applyUpTo(world, 'v1.1.0', 'health_bot')
    world.stack.traefik.follows = false
    await world.run(world.updater.cancel('ann'))
    expect(await world.run(started.outcome)).toMatchObject({ status: 'failed', paused: true, error: expect.stringContaining('undo is not complete') })
    await world.pass(watchInterval)
    const [bot] = world.stack.engine.of('bot')
    expect(bot?.image.commit).toBeNull()
    await world.pass(20 * watchInterval)
    expect([...states(world, 'blue'), ...states(world, 'green')]).toEqual(['running', 'running', 'running', 'running'])
    // It is not started anew with every try.
    expect(world.stack.engine.of('bot')).toEqual([bot])
    world.stack.traefik.follows = true
    await world.pass(60_000)
    await settle(world)
    expect(world.updater.status()).toMatchObject({ activeColor: 'blue', active: { tag: 'adopted' }, state: 'idle' })
    expect(world.stack.engine.of('bot')).toEqual([bot])
  })

  test('an old bot that had been restarted by the engine long ago is no reason to hang in the undo', async () => {
    const world = await ready()
    const [bot] = world.stack.engine.of('bot')
    if (bot === undefined) throw new Error('there is no bot')
    bot.restarts = 2
    world.stack.effects.interference = always('fails', ({ name }) => name === 'runtime.keepImage')
    await apply(world, 'v1.1.0')
    await settle(world)
    expect(world.stack.engine.of('bot')).toEqual([bot])
    expect(world.updater.status()).toMatchObject({ state: 'idle', active: { tag: 'v1.0.0' } })
  })

  test('the routes file is gone and no way back was prepared yet: the old routes are written again', async () => {
    const world = await ready()
    world.stack.effects.interference = once('crash before', ({ record }) => record?.operation?.phase === 'switching' && record.operation.generations !== null)
    await world.drive(world.updater.apply({ tag: 'v1.1.0', version: '1.1.0', origin: 'api' }))
    await world.until('the death', () => world.daemon.life.dead)
    world.stack.effects.interference = (_effect, run) => run()
    world.stack.traefik.replaced(null)
    await world.start()
    await settle(world)
    expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.0.0' }, activeColor: 'blue' })
  })
})
