import { describe, expect, test } from 'vitest'
import { settle } from './at-rest.ts'
import { apply } from './operator.ts'
import type { Instance } from './world/engine.ts'
import { watchInterval, World } from './world/world.ts'

/** v1.1.0 serves on green; v1.0.0 lies stopped on blue. */
async function afterARollout(): Promise<World> {
  const world = new World({ releases: { 'v1.1.0': 'good', 'v1.2.0': 'good' } })
  await world.start()
  await apply(world, 'v1.1.0')
  await settle(world)
  return world
}

function one(world: World, service: string): Instance {
  const [instance] = world.stack.engine.of(service)
  if (instance === undefined) throw new Error(`there is no ${service}`)
  return instance
}

/** Has it die again and again some ms after each start, and the engine restart it, until this is called. */
function loops(world: World, instance: Instance, after: number): () => void {
  let over = false
  const next = (): void => {
    if (over) return
    world.stack.engine.crash(instance, 3)
    world.time.after(after, next)
  }
  world.time.after(after, next)
  return () => { over = true }
}

/** Findings of this many looks, one after the other. */
async function toldIn(world: World, looks: number): Promise<string[][]> {
  const told: string[][] = []
  for (let look = 0; look < looks; look += 1) {
    await world.pass(watchInterval)
    told.push([...world.updater.status().findings])
  }
  return told
}

describe('I11, idle: what runs without being well is told, and left alone', () => {
  test.each([
    ['at once', 200],
    ['after a while', 45_000],
  ])('a bot that dies %s after each start: told after two minutes, at every look, until it has stayed up for one', async (_, after) => {
    const world = await afterARollout()
    world.disturbed = true
    const before = world.stack.effects.done.filter(({ name }) => name.startsWith('runtime.')).length
    const end = loops(world, one(world, 'bot'), after)
    await world.pass(200_000)
    for (const findings of await toldIn(world, 12)) {
      expect(findings).toEqual([expect.stringMatching(/^bot does not stay up: the engine has restarted it \d+ times\. v1\.1\.0 on green serves all the same\. Look at its log/)])
    }
    expect(world.updater.status()).toMatchObject({ paused: false, state: 'idle' })
    end()
    await world.pass(130_000)
    expect(world.updater.status().findings).toEqual([])
    expect(world.stack.effects.done.filter(({ name }) => name.startsWith('runtime.')).length).toBe(before)
    world.disturbed = false
    await settle(world)
  })

  test('the next daemon tells it, too, also where the engine waits a minute before each restart', async () => {
    const world = await afterARollout()
    world.disturbed = true
    const bot = one(world, 'bot')
    loops(world, bot, 200)
    await world.pass(60_000)
    await world.restart()
    bot.state = 'restarting'
    await world.pass(200_000)
    expect(world.updater.status().findings).toEqual([expect.stringMatching(/^bot does not stay up/)])
  })

  test('a bot whose health check fails: told as soon as the engine says so, gone as soon as it is well', async () => {
    const world = await afterARollout()
    await world.pass(2 * 60_000)
    world.disturbed = true
    one(world, 'bot').ill = true
    await world.pass(5 * watchInterval)
    expect(world.updater.status().findings).toEqual([expect.stringMatching(/^bot fails its health check\. v1\.1\.0 on green serves all the same\. .* roll back/)])
    one(world, 'bot').ill = false
    await world.pass(2 * watchInterval)
    expect(world.updater.status().findings).toEqual([])
    world.disturbed = false
    await settle(world)
  })

  test('one crash is nobody\'s finding', async () => {
    const world = await afterARollout()
    await world.pass(2 * 60_000)
    world.disturbed = true
    world.stack.engine.crash(one(world, 'bot'))
    for (const findings of await toldIn(world, 20)) expect(findings).toEqual([])
    world.disturbed = false
    await settle(world)
  })

  test('a service of the active color that keeps dying between two looks is told, though each look finds it healthy', async () => {
    const world = await afterARollout()
    world.disturbed = true
    loops(world, one(world, 'skills-green'), 15_000)
    await world.pass(4 * 60_000)
    expect(world.updater.status().findings.at(-1)).toMatch(/^skills-green does not stay up: .* serves with gaps\./)
  })

  test('a bot that somebody paused', async () => {
    const world = await afterARollout()
    world.disturbed = true
    one(world, 'bot').state = 'paused'
    await world.pass(3 * 60_000)
    expect(world.updater.status().findings).toEqual([expect.stringMatching(/^bot is paused\..*docker unpause/)])
  })

  test('after an apply that replaced it, nothing more is told', async () => {
    const world = await afterARollout()
    world.disturbed = true
    const end = loops(world, one(world, 'bot'), 200)
    await world.pass(4 * 60_000)
    expect(world.updater.status().findings).toHaveLength(1)
    world.disturbed = false
    expect((await apply(world, 'v1.2.0')).status).toBe('success')
    end()
    for (const findings of await toldIn(world, 3)) expect(findings).toEqual([])
  })
})
