import { describe, expect, test } from 'vitest'
import { UpdaterError } from '../../src/rollout/errors.ts'
import { settle } from './at-rest.ts'
import { apply, applyUpTo, killIn, rollback } from './operator.ts'
import { sicken, states } from './outside.ts'
import { faults, once } from './world/effects.ts'
import { commitOf } from './world/releases.ts'
import { watchInterval, World } from './world/world.ts'

async function ready(releases: Readonly<Record<string, 'good' | 'broken when routed' | 'bot dies'>>): Promise<World> {
  const world = new World({ releases })
  await world.start()
  await settle(world)
  return world
}

describe('R11: an old color that cannot be stopped', () => {
  test('R11: does not keep a committed rollout open for good: after some tries it is a success with a warning, and what is left is told and stopped when it can be', async () => {
    const world = await ready({ 'v1.1.0': 'good', 'v1.2.0': 'good' })
    let stuck = true
    world.stack.effects.interference = (effect, run) => (stuck && effect.name === 'runtime.stop' && effect.services?.includes('api-blue') === true
      ? Promise.reject(new UpdaterError('exit_unseen', 'The end of api-blue was not seen.'))
      : run())
    const started = await applyUpTo(world, 'v1.1.0', 'stop_old_color')
    await world.run(started.finished)
    expect(world.updater.status()).toMatchObject({ state: 'updating', active: { tag: 'v1.1.0' } })
    await world.until('the operation is closed', () => world.stack.record?.operation === null, 5 * 60_000)
    expect(world.updater.status()).toMatchObject({ state: 'idle', paused: false, lastResult: { status: 'success', warnings: expect.arrayContaining([expect.stringContaining('left running')]) } })

    await world.pass(5 * 60_000)
    expect(world.updater.status().findings).toEqual([expect.stringMatching(/api-blue runs but is not routed.*could not be stopped/)])
    const tries = world.stack.effects.done.filter(({ name, services }) => name === 'runtime.stop' && services?.includes('api-blue') === true).length
    expect(tries).toBeLessThan(12)
    stuck = false
    expect((await apply(world, 'v1.2.0')).status).toBe('success')
    await settle(world)
  })
})

describe('R9: neither color is healthy', () => {
  async function stranded(): Promise<World> {
    const world = await ready({ 'v1.1.0': 'good' })
    await killIn(world, 'v1.1.0', 'health_bot')
    world.disturbed = true
    sicken(world, 'blue')
    sicken(world, 'green')
    await world.start()
    await world.pass(3 * watchInterval)
    expect(world.updater.status()).toMatchObject({ paused: true, findings: [expect.stringMatching(/Neither color is healthy.*with blue \(v1\.0\.0\) healthy v1\.1\.0 is undone, with only green \(v1\.1\.0\) healthy that one is kept/)] })
    return world
  }

  test.each([
    ['blue', 'v1.0.0', 'rolled_back'],
    ['green', 'v1.1.0', 'failed'],
  ] as const)('R9: once %s is well again it goes on by itself, and %s serves', async (color, tag, status) => {
    const world = await stranded()
    sicken(world, color, false)
    await world.pass(watchInterval)
    expect(world.stack.publicEntryPoints.map((name) => world.stack.traefik.at(name)?.active)).toEqual([color, color])
    // A color is given up only when the other one has had its time to become healthy.
    await world.pass(world.settings.limits.directHealth + watchInterval)
    expect(world.updater.status()).toMatchObject({ state: 'idle', activeColor: color, active: { tag }, lastResult: { status } })
    sicken(world, 'blue', false)
    world.disturbed = false
    expect(await world.unpause()).toMatchObject({ kind: 'value' })
    await settle(world)
  })

  test('R9: apply, rollback, cancel and unpause all say what keeps the operation from its end', async () => {
    const world = await stranded()
    const why = expect.stringContaining('Neither color is healthy')
    const back = world.updater.rollback({ previousSha: 'a'.repeat(40), origin: 'api' })
    expect(await world.drive(back)).toMatchObject({ error: { code: 'in_progress', message: expect.stringMatching(/already in progress.*Neither color is healthy/) } })
    expect(await world.drive(world.updater.cancel('ann'))).toMatchObject({ error: { code: 'nothing_to_cancel', message: why } })
    expect(await world.unpause()).toMatchObject({ kind: 'error', error: { code: 'inconsistent', message: why } })
  })
})

test('R8: an old color that could not be started is tried again later, so that a cause that is mended ends it', async () => {
  const world = await ready({ 'v1.1.0': 'good' })
  await killIn(world, 'v1.1.0', 'health_bot')
  world.disturbed = true
  for (const instance of world.stack.instancesOf('blue')) if (instance !== undefined) world.stack.engine.exit(instance, 1)
  sicken(world, 'green')
  let stuck = true
  world.stack.effects.interference = (effect, run) => (stuck && effect.name === 'runtime.start' ? Promise.reject(new UpdaterError('engine_failed', 'port in use')) : run())
  await world.start()
  await world.pass(2 * 60_000)
  expect(world.updater.status()).toMatchObject({ paused: true, findings: [expect.stringContaining('The old color blue does not run')] })
  stuck = false
  await world.pass(12 * 60_000)
  expect(world.updater.status()).toMatchObject({ state: 'idle', active: { tag: 'v1.0.0' } })
  expect(states(world, 'blue')).toEqual(['running', 'running'])
  world.disturbed = false
  await settle(world)
})

test('fault 23: a tag call of a rollback that lands after its undo does not leave the bot\'s tag on what does not run', async () => {
  const world = await ready({ 'v1.1.0': 'good' })
  await apply(world, 'v1.1.0')
  world.stack.effects.interference = once('takes effect late', ({ name, services }) => name === 'runtime.tag' && services?.includes('bot') === true)
  // Its image is kept, so that the call still finds it; one of a release that failed would be gone by then.
  expect((await rollback(world, commitOf('v1.0.0'))).status).toBe('rolled_back')
  const [bot] = world.stack.engine.of('bot')
  await world.until('the late call', () => world.stack.images.current.get('bot') !== bot?.image)
  await world.pass(2 * 60_000)
  expect(world.stack.images.current.get('bot')).toBe(bot?.image)
  expect(world.stack.engine.of('bot')).toEqual([bot])
  await settle(world)
})

describe('fault 9: a crash loop', () => {
  test('fault 9: of attempts is held after three, and each is undone', async () => {
    const world = await ready({ 'v1.1.0': 'good' })
    for (const paused of [false, false, true]) {
      await killIn(world, 'v1.1.0', 'docker_build')
      await world.start()
      await settle(world)
      expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.0.0' }, paused })
    }
  })

  test('fault 9: that keeps one operation from its end is counted in the status and held, and the undo still happens', async () => {
    const world = await ready({ 'v1.1.0': 'good' })
    await killIn(world, 'v1.1.0', 'docker_build')
    for (let life = 1; life <= 5; life += 1) {
      world.stack.effects.interference = (effect, run, asking) => (effect.name === 'runtime.remove' || effect.name === 'history.append' ? faults['crash before'](effect, run, asking) : run())
      await world.drive(world.boot().updater.start())
      expect(world.daemon.life.dead).toBe(true)
      expect(world.stack.record?.operation?.interruptions).toBe(life)
      expect(world.stack.record?.holds.length).toBe(life < 3 ? 0 : 1)
    }
    world.stack.effects.interference = (_effect, run) => run()
    await world.start()
    await settle(world)
    expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.0.0' }, paused: true, pauseReason: expect.stringContaining('ended at least 3 times in the middle of apply v1.1.0') })
  })
})
