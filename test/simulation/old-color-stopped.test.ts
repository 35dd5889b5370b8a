import { describe, expect, test } from 'vitest'
import { UpdaterError } from '../../src/rollout/errors.ts'
import { settle } from './at-rest.ts'
import { apply, applyUpTo, killIn } from './operator.ts'
import { halt, sicken, states } from './outside.ts'
import { operatorStop } from './world/operator-compose.ts'
import { dockerRemove, dockerStop } from './world/operator-docker.ts'
import { reboot } from './world/operator-host.ts'
import { commitOf, type ReleaseKind } from './world/releases.ts'
import { watchInterval, World } from './world/world.ts'

/** Time in which a new bot that dies is found out, ms: stops of the old color are tried all through it. */
const itsDeath = 900

async function ready(releases: Readonly<Record<string, ReleaseKind>> = { 'v1.1.0': 'bot dies', 'v1.2.0': 'good' }): Promise<World> {
  const world = new World({ releases })
  await world.start()
  await settle(world)
  return world
}

/** What users need, whichever release it is: a healthy color at every entry point, and one bot that works. */
function lacks({ stack }: World): string[] {
  const served = stack.publicEntryPoints.map((name) => stack.traefik.at(name)?.active)
  const bots = stack.engine.of('bot')
  return [
    ...served.flatMap((color, at) => (color && stack.isColorHealthy(color) ? [] : [`${stack.publicEntryPoints[at]} is served by ${color}, which is not healthy`])),
    ...(bots.length === 1 && bots.every((bot) => stack.engine.isHealthy(bot)) ? [] : [`the bot is ${bots.map(({ state }) => state).join(' and ')}`]),
  ]
}

/** A good release follows, and all is of one piece again. */
async function goesOn(world: World): Promise<void> {
  world.disturbed = false
  expect(await world.unpause()).toMatchObject({ kind: 'value' })
  expect((await apply(world, 'v1.2.0')).status).toBe('success')
  await settle(world)
}

describe('the old color is stopped by an operator while the new bot dies', () => {
  const stops = [
    ['docker stop of one of its services', (world: World) => [dockerStop(world.stack, 'skills-blue')], 10],
    ['docker stop of both', (world: World) => [dockerStop(world.stack, 'skills-blue'), dockerStop(world.stack, 'api-blue')], 30],
    ['docker compose stop of both', (world: World) => [operatorStop(world.stack, 'skills-blue'), operatorStop(world.stack, 'api-blue')], 50],
    ['docker rm -f of one', (world: World) => [dockerRemove(world.stack, 'api-blue')], 50],
  ] as const

  test.each(stops)('R8: %s, at any moment: it is started and waited for, the release is undone, its bot too', async (_name, stop, every) => {
    for (let at = 0; at <= itsDeath; at += every) {
      const world = await ready()
      const started = await applyUpTo(world, 'v1.1.0', 'health_bot')
      world.disturbed = true
      await world.pass(at)
      await world.drive(Promise.all(stop(world)))
      await world.run(started.outcome)
      await world.run(started.finished)
      await world.until(`all is well (stopped after ${at} ms)`, () => lacks(world).length === 0 && world.updater.status().state === 'idle', 3 * 60_000)
      world.disturbed = false
      await settle(world)
      expect(world.updater.status(), `stopped after ${at} ms`).toMatchObject({
        active: { tag: 'v1.0.0' }, activeColor: 'blue', paused: true, lastResult: { status: 'rolled_back' }, findings: [],
      })
    }
  }, 60_000)
})

describe('an old color that is down, and takes its time to come up', () => {
  test('R10: one that ends its requests first is not given up for the new one: it is started once it is down', async () => {
    const world = await ready()
    const started = await applyUpTo(world, 'v1.1.0', 'health_bot')
    world.disturbed = true
    const old = world.stack.instancesOf('blue').flatMap((one) => one ?? [])
    for (const instance of old) instance.answer = 'refuses'
    world.time.after(10_000, () => {
      for (const instance of old) {
        instance.answer = null
        world.stack.engine.exit(instance, 0)
      }
    })
    expect(await world.run(started.outcome)).toMatchObject({ status: 'rolled_back', activeColor: 'blue' })
    await world.run(started.finished)
    world.disturbed = false
    await settle(world)
  })

  test('R10: after the host was booted again it is waited for, although the new one answers sooner', async () => {
    const world = await ready()
    await applyUpTo(world, 'v1.1.0', 'health_bot')
    world.disturbed = true
    await world.drive(reboot(world.stack, () => world.daemon.life.end()))
    while (world.stack.engine.fault !== null || world.stack.traefik.down) {
      if (!world.time.advance()) throw new Error('the host never comes back')
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
    }
    sicken(world, 'blue')
    world.time.after(60_000, () => sicken(world, 'blue', false))
    await world.start()
    world.disturbed = false
    await settle(world)
    expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.0.0' }, activeColor: 'blue', lastResult: { status: 'rolled_back' } })
  })

  test('R8, R10: until it is up the new color serves, and a bot of the old release works', async () => {
    const world = await ready()
    const started = await applyUpTo(world, 'v1.1.0', 'health_bot')
    world.disturbed = true
    // The way back is in force already when the old color goes down.
    await world.until('the way back', () => world.stack.routed === 'blue')
    await halt(world, 'blue')
    const downAt = world.time.now
    for (const one of world.stack.instancesOf('blue')) if (one !== undefined) one.ill = true
    world.time.after(60_000, () => sicken(world, 'blue', false))
    await world.until('users are served', () => world.stack.publicEntryPoints.every((name) => world.stack.traefik.at(name)?.active === 'green'), 20_000)
    expect(world.time.now - downAt).toBeLessThan(20_000)
    await world.until('the old bot', () => lacks(world).length === 0, 20_000)
    await world.run(started.outcome)
    await world.run(started.finished)
    world.disturbed = false
    await settle(world)
    expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.0.0' }, activeColor: 'blue' })
  })

  test('R8: one that the engine refuses to start leaves nobody unserved meanwhile', async () => {
    const world = await ready()
    await killIn(world, 'v1.1.0', 'health_routed_api')
    world.disturbed = true
    await halt(world, 'blue')
    let stuck = true
    world.stack.effects.interference = (effect, run) => (stuck && effect.name === 'runtime.start' ? Promise.reject(new UpdaterError('engine_failed', 'port in use')) : run())
    await world.start()
    await world.pass(2_000)
    expect(world.stack.publicEntryPoints.map((name) => world.stack.traefik.at(name)?.active)).toEqual(['green', 'green'])
    stuck = false
    await world.pass(3 * watchInterval)
    expect(world.updater.status()).toMatchObject({ state: 'idle', active: { tag: 'v1.0.0' }, activeColor: 'blue' })
    expect(lacks(world)).toEqual([])
  })
})

describe('R10: an old color that does not come up at all', () => {
  async function kept(kind: ReleaseKind, before: (world: World) => Promise<unknown> = async () => undefined): Promise<World> {
    const world = await ready({ 'v1.1.0': kind, 'v1.2.0': 'good' })
    const started = await applyUpTo(world, 'v1.1.0', 'health_bot')
    world.disturbed = true
    await before(world)
    sicken(world, 'blue')
    if (kind === 'good') await world.drive(world.updater.cancel('ann'))
    expect(await world.run(started.outcome)).toMatchObject({ status: 'failed', activeColor: 'green', paused: true, error: expect.stringContaining('v1.1.0 on green goes on serving') })
    await world.run(started.finished)
    expect(world.updater.status()).toMatchObject({ state: 'idle', active: { tag: 'v1.1.0' }, activeColor: 'green', lastGoodTag: null })
    expect([...states(world, 'blue'), ...states(world, 'green')]).toEqual(['running', 'running', 'running', 'running'])
    return world
  }

  test.each(['bot dies', 'bot never healthy'] as const)('with a release whose %s: the new color serves, and the old bot works beside it, which is told', async (kind) => {
    const world = await kept(kind)
    expect(lacks(world)).toEqual([])
    expect(world.stack.engine.of('bot')).toMatchObject([{ image: { commit: commitOf('v1.0.0') } }])
    expect(world.updater.status().lastResult?.error).toContain('bot runs v1.0.0')
    await world.pass(3 * 60_000)
    expect(lacks(world)).toEqual([])
    expect(states(world, 'blue')).toEqual(['exited', 'exited'])
    expect(world.updater.status().findings).toEqual([expect.stringMatching(/bot runs v1\.0\.0.*Apply a release/)])
    await goesOn(world)
  })

  test('with a release whose bot is well: it stays', async () => {
    const world = await kept('good')
    expect(world.stack.engine.of('bot')).toMatchObject([{ image: { commit: commitOf('v1.1.0') } }])
    expect(lacks(world)).toEqual([])
    await goesOn(world)
  })

  test('with the old bot\'s image gone: what serves is told all the same, and that no bot works', async () => {
    const world = await kept('bot dies', async ({ stack }) => {
      stack.images.kept.clear()
      stack.images.untag('bot', commitOf('v1.0.0'))
    })
    expect(world.updater.status().lastResult?.error).toMatch(/bot.*image/)
    await goesOn(world)
  })
})
