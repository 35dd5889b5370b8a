import { describe, expect, test } from 'vitest'
import { UpdaterError } from '../../src/rollout/errors.ts'
import { settle } from './at-rest.ts'
import { apply } from './operator.ts'
import { commitOf } from './world/releases.ts'
import { watchInterval, World } from './world/world.ts'

/** v1.1.0 serves on green; v1.0.0 lies stopped on blue. */
async function afterARollout(): Promise<World> {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  await apply(world, 'v1.1.0')
  await settle(world)
  return world
}

async function halt(world: World, service: string): Promise<void> {
  const [instance] = world.stack.engine.of(service)
  if (instance === undefined) throw new Error(`there is no ${service}`)
  await world.drive(world.stack.engine.end(instance))
}

function starts(world: World, service: string): number {
  return world.stack.effects.done.filter(({ name, services }) => (name === 'runtime.start' || name === 'runtime.up') && services?.includes(service) === true).length
}

describe('R16: idle, something that serves is down', () => {
  test.each(['bot', 'skills-green'])('%s was stopped: it is started again, nothing is held', async (service) => {
    const world = await afterARollout()
    world.disturbed = true
    await halt(world, service)
    await world.pass(watchInterval + 1_000)
    world.disturbed = false
    await settle(world)
    expect(world.updater.status().paused).toBe(false)
  })

  test.each(['bot', 'api-green'])('%s was removed: it is created again from the active release', async (service) => {
    const world = await afterARollout()
    world.disturbed = true
    await halt(world, service)
    const [instance] = world.stack.engine.of(service)
    if (instance !== undefined) world.stack.engine.discard(instance)
    await world.pass(watchInterval + 1_000)
    world.disturbed = false
    await settle(world)
    expect(world.stack.engine.of(service)).toMatchObject([{ image: { commit: commitOf('v1.1.0') } }])
  })

  test('again and again: three tries in ten minutes, then it is only told, and later tried again', async () => {
    const world = await afterARollout()
    world.disturbed = true
    const before = starts(world, 'bot')
    world.stack.effects.interference = async (effect, run) => {
      const answer = await run()
      const [bot] = world.stack.engine.of('bot')
      if (effect.name === 'runtime.start' && bot !== undefined) await world.stack.engine.end(bot)
      return answer
    }
    await halt(world, 'bot')
    await world.pass(9 * 60_000)
    expect(starts(world, 'bot') - before).toBe(3)
    expect(world.updater.status().findings).toEqual([expect.stringContaining('bot should run')])
    world.stack.effects.interference = (_effect, run) => run()
    await world.pass(3 * 60_000)
    expect(starts(world, 'bot') - before).toBe(4)
    world.disturbed = false
    await settle(world)
  })

  test('now and then: a start that held does not count against the next fall', async () => {
    const world = await afterARollout()
    world.disturbed = true
    for (let fall = 1; fall <= 5; fall += 1) {
      await halt(world, 'bot')
      await world.pass(2 * watchInterval)
      expect(world.stack.engine.of('bot'), `after fall ${fall}`).toMatchObject([{ state: 'running' }])
      await world.pass(70_000)
    }
    expect(world.updater.status().findings).toEqual([])
    world.disturbed = false
    await settle(world)
  })

  test('one that does not stay up uses up no other\'s tries', async () => {
    const world = await afterARollout()
    world.disturbed = true
    world.stack.effects.interference = async (effect, run) => {
      const answer = await run()
      const [bot] = world.stack.engine.of('bot')
      if (effect.name === 'runtime.start' && bot !== undefined && effect.containerId === bot.id) await world.stack.engine.end(bot)
      return answer
    }
    await halt(world, 'bot')
    await world.pass(2 * 60_000)
    await halt(world, 'skills-green')
    await world.pass(2 * watchInterval)
    expect(world.stack.engine.of('skills-green')).toMatchObject([{ state: 'running' }])
    expect(world.stack.engine.of('bot')).toMatchObject([{ state: 'exited' }])
  })

  test('one that the engine cannot start keeps no other one down', async () => {
    const world = await afterARollout()
    world.disturbed = true
    const [skills] = world.stack.engine.of('skills-green')
    world.stack.effects.interference = (effect, run) => (effect.name === 'runtime.start' && effect.containerId === skills?.id
      ? Promise.reject(new UpdaterError('engine_failed', 'Docker could not start it: port is already allocated.'))
      : run())
    await halt(world, 'skills-green')
    await halt(world, 'bot')
    await world.pass(2 * watchInterval)
    expect(world.stack.engine.of('bot')).toMatchObject([{ state: 'running' }])
    expect(world.updater.status().findings).toEqual([expect.stringContaining('port is already allocated')])
    world.stack.effects.interference = (_effect, run) => run()
    await world.pass(2 * watchInterval)
    world.disturbed = false
    await settle(world)
  })
})
