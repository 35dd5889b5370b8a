import { describe, expect, test } from 'vitest'
import { UpdaterError } from '../../src/rollout/errors.ts'
import { settle } from './at-rest.ts'
import { apply, applyUpTo, ask } from './operator.ts'
import { halt, sicken, states } from './outside.ts'
import { once } from './world/effects.ts'
import { commitOf, type ReleaseKind } from './world/releases.ts'
import { watchInterval, World, type WorldOptions } from './world/world.ts'

async function ready(releases: Readonly<Record<string, ReleaseKind>>, options: Partial<WorldOptions> = {}): Promise<World> {
  const world = new World({ releases, ...options })
  await world.start()
  await settle(world)
  return world
}

function works({ stack }: World): boolean {
  const bots = stack.engine.of('bot')
  return bots.length === 1 && bots.every((bot) => stack.engine.isHealthy(bot))
}

/** v1.1.0 had to be kept on green, with the bot of v1.0.0 beside it, since its own dies. */
async function kept(next: ReleaseKind, options: Partial<WorldOptions> = {}): Promise<World> {
  const world = await ready({ 'v1.1.0': 'bot dies', 'v1.2.0': next }, options)
  const started = await applyUpTo(world, 'v1.1.0', 'health_bot')
  world.disturbed = true
  sicken(world, 'blue')
  await world.run(started.finished)
  expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.1.0' }, activeColor: 'green' })
  expect(works(world)).toBe(true)
  sicken(world, 'blue', false)
  world.disturbed = false
  await world.unpause()
  return world
}

describe('after a new color was kept with the old release\'s bot', () => {
  test.each(['bot dies', 'broken when routed', 'bot never healthy'] as const)('the undo of a next release whose %s brings back the bot that worked', async (kind) => {
    const world = await kept(kind)
    expect(await apply(world, 'v1.2.0')).toMatchObject({ status: 'rolled_back', activeColor: 'green' })
    expect(world.stack.engine.of('bot')).toMatchObject([{ image: { commit: commitOf('v1.0.0') } }])
    expect(works(world)).toBe(true)
    await world.pass(3 * watchInterval)
    expect(works(world)).toBe(true)
  })

  test('so does it where the one that worked was found running and tells no commit', async () => {
    const world = await kept('bot dies', { labelled: false })
    await world.pass(2 * 60_000)
    expect(world.updater.status().findings).toEqual([expect.stringMatching(/^bot runs .*, everything else v1\.1\.0\./)])
    const worked = world.stack.engine.of('bot').map(({ image }) => image.id)
    expect(await apply(world, 'v1.2.0')).toMatchObject({ status: 'rolled_back', activeColor: 'green' })
    expect(world.stack.engine.of('bot').map(({ image }) => image.id)).toEqual(worked)
    expect(works(world)).toBe(true)
  })

  test('so does the next daemon, wherever it was killed', async () => {
    for (const step of ['docker_build', 'route_switch', 'restart_bot', 'health_bot']) {
      const world = await kept('good')
      await applyUpTo(world, 'v1.2.0', step)
      await world.restart()
      await world.until(`the end (${step})`, () => world.stack.record?.operation === null)
      expect(world.stack.engine.of('bot'), step).toMatchObject([{ image: { commit: commitOf('v1.0.0') } }])
      expect(works(world), step).toBe(true)
    }
  })

  test('a rollback to that release succeeds', async () => {
    const world = await kept('good')
    const started = await world.run(world.updater.rollback({ previousSha: commitOf('v1.0.0'), origin: 'api' }))
    expect(await world.run(started.outcome)).toMatchObject({ status: 'success' })
    await world.run(started.finished)
    await settle(world)
  })
})

test('R10: killed at any of its effects, with a bot that dies, it ends the same', async () => {
  for (let at = 0; at < 20; at += 1) {
    const world = await ready({ 'v1.1.0': 'bot dies' })
    await applyUpTo(world, 'v1.1.0', 'health_bot')
    world.disturbed = true
    sicken(world, 'blue')
    const first = world.stack.effects.done.length
    world.stack.effects.interference = once('crash before', ({ index }) => index === first + at)
    await world.until('the end', () => world.daemon.life.dead || world.stack.record?.operation === null)
    if (world.daemon.life.dead) await world.start()
    await world.until('the end', () => world.stack.record?.operation === null)
    expect(world.updater.status(), `killed at ${at}`).toMatchObject({ activeColor: 'green', active: { tag: 'v1.1.0' }, paused: true })
    expect(works(world), `killed at ${at}`).toBe(true)
    expect([...states(world, 'blue'), ...states(world, 'green')]).toEqual(['running', 'running', 'running', 'running'])
  }
})

test('fault 21, R10: a daemon that is stopped while it waits for the old color looks at it again before it gives it up', async () => {
  const world = await ready({ 'v1.1.0': 'bot dies' })
  const started = await applyUpTo(world, 'v1.1.0', 'health_bot')
  world.disturbed = true
  sicken(world, 'blue')
  await world.until('the new color serves', () => world.daemon.logged.some((line) => line.includes('Recovery R10')))
  await world.pass(20_000)
  world.daemon.life.freeze()
  await world.pass(5 * 60_000)
  sicken(world, 'blue', false)
  world.daemon.life.thaw()
  await world.run(started.finished)
  world.disturbed = false
  await settle(world)
  expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.0.0' }, activeColor: 'blue', lastResult: { status: 'rolled_back' } })
})

test.each([
  ['R9: with neither color healthy', (world: World) => sicken(world, 'blue')],
  ['R8: with an old color that cannot start and a new one that is ill', async (world: World) => {
    for (const instance of world.stack.instancesOf('blue')) if (instance !== undefined) instance.ill = true
    await halt(world, 'blue')
  }],
] as const)('%s a bot that was removed and not made again is back all the same', async (_, breakBlue) => {
  const world = await ready({ 'v1.1.0': 'good' })
  world.stack.effects.interference = once('crash after', ({ name, services }) => name === 'runtime.remove' && services?.includes('bot') === true)
  await world.drive(ask(world, 'v1.1.0').then(({ finished }) => finished))
  world.disturbed = true
  await breakBlue(world)
  sicken(world, 'green')
  await world.start()
  await world.until('the old bot', () => works(world), 5 * 60_000)
  expect(world.stack.engine.of('bot')).toMatchObject([{ image: { commit: commitOf('v1.0.0') } }])
})

test('R8: told to leave while the engine takes its time to start the old color, the daemon begins nothing else', async () => {
  const world = await ready({ 'v1.1.0': 'bot dies' })
  await applyUpTo(world, 'v1.1.0', 'health_bot')
  world.disturbed = true
  await world.until('the way back', () => world.stack.routed === 'blue')
  await halt(world, 'blue')
  let asked = false
  world.stack.effects.interference = async (effect, run, { time }) => {
    if (effect.name === 'runtime.start') {
      asked = true
      await time.pause(20_000)
    }
    return run()
  }
  await world.until('the start of the old color', () => asked)
  const before = world.stack.effects.done.length
  await world.drive(world.updater.stop())
  expect(world.stack.effects.done.slice(before).map(({ name }) => name).filter((name) => name.startsWith('runtime.'))).toEqual([])
})

test('R8: an engine that cannot create the old bot again keeps nobody unserved, and the bot comes as soon as it can', async () => {
  const world = await ready({ 'v1.1.0': 'bot dies' })
  await applyUpTo(world, 'v1.1.0', 'health_bot')
  world.disturbed = true
  sicken(world, 'blue')
  let stuck = true
  world.stack.effects.interference = (effect, run) => (stuck && effect.name === 'runtime.up' ? Promise.reject(new UpdaterError('compose_failed', 'no space left on device')) : run())
  await world.pass(60_000)
  expect(world.stack.publicEntryPoints.map((name) => world.stack.traefik.at(name)?.active)).toEqual(['green', 'green'])
  stuck = false
  await world.until('the old bot', () => works(world), 4 * 60_000)
  await world.until('the end', () => world.stack.record?.operation === null, 5 * 60_000)
})
