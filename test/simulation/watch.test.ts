import { describe, expect, test } from 'vitest'
import { settle } from './at-rest.ts'
import { apply } from './operator.ts'
import { operatorDown, operatorRestart, operatorUp } from './world/operator-compose.ts'
import { dockerRemove, dockerStop } from './world/operator-docker.ts'
import type { Instance } from './world/engine.ts'
import { watchInterval, World } from './world/world.ts'

async function idle(): Promise<World> {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  await settle(world)
  await world.pass(2 * watchInterval)
  world.disturbed = true
  return world
}

/** The bot as an operator's compose makes it anew: created, and not started before what it depends on is ready. */
async function createdAgain(world: World, awaits: readonly string[]): Promise<Instance> {
  const { engine } = world.stack
  const [old] = engine.of('bot')
  if (old === undefined) throw new Error('there is no bot')
  await world.run(dockerRemove(world.stack, 'bot'))
  const created = engine.create('bot', old.image, true)
  created.awaits = awaits
  return created
}

/** Effects of a daemon on containers since the beginning. */
function handsOn(world: World): string[] {
  return world.stack.effects.done.filter(({ name }) => /^runtime\.(start|up|stop|remove)$/.test(name)).map(({ name, services }) => `${name} ${services?.join('+')}`)
}

function runs(world: World, service: string): boolean {
  return world.stack.engine.of(service).some(({ state }) => state === 'running')
}

describe('fault 25: what runs is stopped or removed from outside', () => {
  test.each([
    ['the bot, stopped', 'bot', dockerStop],
    ['the bot, removed', 'bot', dockerRemove],
    ['the active color\'s api, stopped', 'api-blue', dockerStop],
    ['the active color\'s skills, removed', 'skills-blue', dockerRemove],
  ] as const)('fault 25: %s: up again within ten seconds, whenever it comes, but not before it was down for a while', async (_name, service, command) => {
    for (const later of [0, 3_333, 7_777]) {
      const world = await idle()
      await world.pass(later)
      await world.run(command(world.stack, service))
      await world.until('the fall', () => !runs(world, service))
      const fell = world.time.now
      await world.until('it runs again', () => runs(world, service), 10_000)
      expect(world.time.now - fell).toBeGreaterThan(world.settings.policy.fallenGrace - 500)
      await world.pass(1_000)
      world.disturbed = false
      await settle(world)
    }
  })

  test('fault 25: also while the engine does not tell of changes', async () => {
    const world = await idle()
    world.stack.engine.fault = 'connect ENOENT'
    await world.run(dockerStop(world.stack, 'bot'))
    await world.pass(2 * watchInterval)
    world.stack.engine.fault = null
    await world.run(dockerStop(world.stack, 'bot'))
    const fell = world.time.now
    await world.until('it runs again', () => runs(world, 'bot'))
    expect(world.time.now - fell).toBeLessThan(10_000)
    await world.pass(1_000)
    world.disturbed = false
    await settle(world)
  })
})

describe('an operator is not raced', () => {
  test.each([
    ['docker compose restart', (world: World) => operatorRestart(world.stack, 'bot')],
    ['docker compose up -d', (world: World) => operatorUp(world.stack, ['bot', 'skills-blue', 'api-blue'])],
    ['docker compose down, and up again at once', async (world: World) => (await operatorDown(world.stack)) ?? operatorUp(world.stack, ['bot', 'skills-blue', 'api-blue'])],
  ])('%s is left alone', async (_name, command) => {
    const world = await idle()
    const before = handsOn(world).length
    expect(await world.run(command(world))).toBeNull()
    await world.pass(2 * watchInterval)
    expect(handsOn(world).slice(before)).toEqual([])
    world.disturbed = false
    await settle(world)
  })

  test('docker compose down, and an up that waits for the databases: nothing is started before they are ready', async () => {
    const world = await idle()
    const bot = await createdAgain(world, ['postgres'])
    const before = handsOn(world).length
    await world.pass(100_000)
    expect(handsOn(world).slice(before)).toEqual([])
    bot.awaits = []
    world.stack.engine.launch(bot)
    await world.pass(2 * watchInterval)
    expect(handsOn(world).slice(before)).toEqual([])
    world.disturbed = false
    await settle(world)
  })

  test('an up that gave up waiting: what it created is started after three minutes', async () => {
    const world = await idle()
    const bot = await createdAgain(world, ['postgres'])
    await world.pass(170_000)
    expect(runs(world, 'bot')).toBe(false)
    await world.until('it runs', () => runs(world, 'bot'), 30_000)
    bot.awaits = []
    world.disturbed = false
    await settle(world)
  })

  test('docker compose down that stays so: all is started again, since nobody told of maintenance', async () => {
    const world = await idle()
    await world.run(operatorDown(world.stack))
    await world.pass(2 * watchInterval)
    world.disturbed = false
    await settle(world)
  })
})

describe('looks are bounded', () => {
  test('events in a storm lead to about one look a second', async () => {
    const world = await idle()
    let looks = 0
    world.stack.effects.questionInterference = (question, answer) => {
      if (question.name === 'runtime.containers') looks += 1
      return answer()
    }
    await storm(world, 10_000)
    expect(looks).toBeGreaterThan(5)
    expect(looks).toBeLessThan(14)
  })

  test('events during a rollout of ours lead to no look at all', async () => {
    const [calm, stormy] = [await idle(), await idle()]
    const before = [calm, stormy].map(({ stack }) => stack.effects.questions)
    const quiet = await apply(calm, 'v1.1.0')
    const loud = apply(stormy, 'v1.1.0')
    const tell = (): void => {
      for (const listener of stormy.stack.engine.listeners) listener('bot')
      stormy.time.after(500, tell)
    }
    stormy.time.after(500, tell)
    expect((await loud).status).toBe(quiet.status)
    const [inQuiet = 0, inStorm = 0] = [calm, stormy].map(({ stack }, index) => stack.effects.questions - (before[index] ?? 0))
    expect(inStorm).toBe(inQuiet)
  })
})

async function storm(world: World, milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 50) {
    for (const listener of world.stack.engine.listeners) listener('bot')
    await world.pass(50)
  }
}
