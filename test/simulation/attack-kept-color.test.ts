import { describe, expect, test } from 'vitest'
import { UpdaterError } from '../../src/rollout/errors.ts'
import { settle } from './at-rest.ts'
import { apply, applyUpTo } from './operator.ts'
import { sicken, states } from './outside.ts'
import { commitOf, type ReleaseKind } from './world/releases.ts'
import { watchInterval, World } from './world/world.ts'

async function ready(releases: Readonly<Record<string, ReleaseKind>>): Promise<World> {
  const world = new World({ releases })
  await world.start()
  await settle(world)
  return world
}

function works({ stack }: World): boolean {
  const bots = stack.engine.of('bot')
  return bots.length === 1 && bots.every((bot) => stack.engine.isHealthy(bot))
}

/** v1.1.0 had to be kept on green, with the bot of v1.0.0 beside it, since its own dies. */
async function kept(next: ReleaseKind): Promise<World> {
  const world = await ready({ 'v1.1.0': 'bot dies', 'v1.2.0': next })
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
    world.stack.effects.interference = (effect, run, { life }) => {
      if (effect.index !== first + at) return run()
      life.end()
      return new Promise(() => undefined)
    }
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
