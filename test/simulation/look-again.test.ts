import { describe, expect, test } from 'vitest'
import { UpdaterError } from '../../src/rollout/errors.ts'
import { settle } from './at-rest.ts'
import { applyUpTo, ask, killIn } from './operator.ts'
import { halt, states } from './outside.ts'
import { undisturbed, type Effect, type Interference } from './world/effects.ts'
import type { ReleaseKind } from './world/releases.ts'
import { watchInterval, World } from './world/world.ts'

async function ready(kind: ReleaseKind = 'bot dies'): Promise<World> {
  const world = new World({ releases: { 'v1.1.0': kind } })
  await world.start()
  await settle(world)
  return world
}

/** When each look began that asked the engine what runs; what one look asks at the same moment counts once. */
function watchLooks(world: World): number[] {
  const looks: number[] = []
  world.stack.effects.questionInterference = (question, answer) => {
    if (question.name === 'runtime.containers' && world.time.now > (looks.at(-1) ?? -Infinity)) looks.push(world.time.now)
    return answer()
  }
  return looks
}

/** In tenths of a second. */
function pausesBetween(times: readonly number[]): number[] {
  return times.slice(1).map((at, index) => Math.round((at - (times[index] ?? 0)) / 100) / 10)
}

/** The engine goes away at the next effect of this name on the bot, before it is done. */
async function goneAt(world: World, name: string): Promise<void> {
  let isGone = false
  world.stack.effects.interference = (effect, run) => {
    if (!isGone && effect.name === name && effect.services?.includes('bot') === true) {
      isGone = true
      world.stack.engine.die('connect ENOENT')
    }
    return run()
  }
  await world.until('the engine is gone', () => isGone)
}

function isOpen(world: World): boolean {
  return world.stack.record?.operation !== null
}

function oldBotWorks({ stack: { engine } }: World): boolean {
  return engine.of('bot').some((bot) => engine.isHealthy(bot) && bot.image.version === '1.0.0')
}

/** Fails, and notes when. */
function failing(world: World, code: 'engine_failed' | 'exit_unseen', choice: (effect: Effect) => boolean): { readonly times: number[]; readonly interference: Interference } {
  const times: number[] = []
  return {
    times,
    interference: (effect, run) => {
      if (!choice(effect)) return run()
      times.push(world.time.now)
      return Promise.reject(new UpdaterError(code, 'port is already allocated'))
    },
  }
}

describe('R2: the engine is away for a while in the middle of an undo', () => {
  test.each([
    ['runtime.stop', 500, 2_000], ['runtime.stop', 3_000, 2_500], ['runtime.remove', 3_000, 2_500], ['runtime.up', 3_000, 2_500], ['runtime.up', 6_500, 4_500],
  ])('from the %s of the bot on, back after %i ms: within %i ms the old bot works, and the undo ends with its drain', async (name, away, within) => {
    const world = await ready()
    const started = await applyUpTo(world, 'v1.1.0', 'health_bot')
    await goneAt(world, name)
    await world.pass(away)
    world.stack.engine.fault = null
    const backAt = world.time.now
    await world.until('the old bot', () => oldBotWorks(world))
    expect(world.time.now - backAt).toBeLessThan(within)
    await world.until('the end', () => !isOpen(world))
    expect(world.time.now - backAt).toBeLessThan(within + world.settings.limits.drain)
    await world.run(started.finished)
    await settle(world)
    expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.0.0' }, activeColor: 'blue', paused: true })
  })
})

describe('a look that comes to nothing is repeated soon, then ever more slowly', () => {
  test('R2: an engine that is away for a minute is asked after 1, 2, 4 s, then whenever a look is due', async () => {
    const world = await ready()
    await killIn(world, 'v1.1.0', 'health_bot')
    world.stack.engine.fault = 'connect ENOENT'
    const looks = watchLooks(world)
    await world.start()
    await world.pass(60_000)
    // One that does not tell of changes is looked at every five seconds in any case.
    expect(pausesBetween(looks)).toEqual([1, 2, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5])
    world.stack.engine.fault = null
    await settle(world)
  })

  test('R2: also before there is a record', async () => {
    const world = new World()
    world.stack.engine.fault = 'connect ENOENT'
    const looks = watchLooks(world)
    await world.start()
    await world.pass(9_000)
    expect(pausesBetween(looks)).toEqual([1, 2, 4])
    world.stack.engine.fault = null
    await world.pass(watchInterval)
    expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.0.0' }, findings: [] })
    await settle(world)
  })

  test('once it is over the next fault begins anew with a second', async () => {
    const world = await ready()
    world.disturbed = true
    const looks = watchLooks(world)
    for (const time of [1, 2]) {
      world.stack.engine.fault = 'connect ENOENT'
      await world.pass(40_000)
      expect(pausesBetween(looks.splice(0)).slice(0, 4), `time ${time}`).toEqual([1, 2, 4, 8])
      world.stack.engine.fault = null
      await world.pass(2 * watchInterval)
      looks.splice(0)
    }
    world.disturbed = false
    await settle(world)
  })

  test('fault 32: what Traefik did not confirm is closed soon after it follows again', async () => {
    const world = await ready()
    const started = await applyUpTo(world, 'v1.1.0', 'health_bot')
    world.stack.traefik.follows = false
    await world.run(world.updater.cancel('ann'))
    await world.run(started.finished)
    await world.pass(2_000)
    world.stack.traefik.follows = true
    const followsAt = world.time.now
    await world.until('the end', () => !isOpen(world))
    expect(world.time.now - followsAt).toBeLessThan(world.settings.limits.drain + 3_000)
    await settle(world)
  })
})

describe('looks that follow each other soon use up no tries', () => {
  test('R8: an old color that cannot be started is tried three times, ten seconds apart, and why is told all the while', async () => {
    const world = await ready()
    await applyUpTo(world, 'v1.1.0', 'health_bot')
    world.disturbed = true
    await world.until('the way back', () => world.stack.routed === 'blue')
    const { times, interference } = failing(world, 'engine_failed', ({ name }) => name === 'runtime.start')
    world.stack.effects.interference = interference
    await halt(world, 'blue')
    await world.until('a first try', () => times.length > 0)
    for (let second = 1; second < 25 && isOpen(world); second += 1) {
      await world.pass(1_000)
      if (second > 1) expect(world.updater.status().findings.join(' '), `after ${second} s`).toContain('port is already allocated')
    }
    await world.until('the end', () => !isOpen(world))
    // Both services at a time.
    const tries = times.filter((_at, index) => index % 2 === 0)
    expect(tries).toHaveLength(3)
    expect(pausesBetween(tries).every((pause) => pause >= 10 && pause <= 11)).toBe(true)
    expect(world.updater.status()).toMatchObject({ activeColor: 'green', paused: true })
  })

  test('R8: an engine that goes away when it is to start the old color costs no pause: it is up as soon as that is back', async () => {
    const world = await ready()
    await applyUpTo(world, 'v1.1.0', 'health_bot')
    world.disturbed = true
    await world.until('the way back', () => world.stack.routed === 'blue')
    let isGone = false
    world.stack.effects.interference = (effect, run) => {
      if (!isGone && effect.name === 'runtime.start') {
        isGone = true
        world.stack.engine.die('connect ENOENT')
      }
      return run()
    }
    await halt(world, 'blue')
    await world.until('the engine is gone', () => isGone)
    await world.pass(2_000)
    world.stack.engine.fault = null
    const backAt = world.time.now
    await world.until('the old color', () => states(world, 'blue').every((state) => state === 'running'))
    expect(world.time.now - backAt).toBeLessThan(2_500)
    world.disturbed = false
    await settle(world)
    expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.0.0' }, activeColor: 'blue', lastResult: { status: 'rolled_back' } })
  })

  test('R8: who has mended it and unpauses does not wait for the next try', async () => {
    const world = await ready()
    const started = await applyUpTo(world, 'v1.1.0', 'health_bot')
    world.disturbed = true
    await world.until('the way back', () => world.stack.routed === 'blue')
    const { times, interference } = failing(world, 'engine_failed', ({ name }) => name === 'runtime.start')
    world.stack.effects.interference = interference
    await halt(world, 'blue')
    await world.run(started.finished)
    await world.pass(3_000)
    const tried = times.length
    expect(states(world, 'blue')).toEqual(['exited', 'exited'])
    world.stack.effects.interference = undisturbed
    const askedAt = world.time.now
    expect(await world.unpause()).toMatchObject({ kind: 'value' })
    expect(world.time.now - askedAt).toBeLessThan(world.settings.limits.drain + 5_000)
    expect([tried, states(world, 'blue')]).toEqual([2, ['running', 'running']])
    world.disturbed = false
    await settle(world)
  })

  test('R16: a bot that cannot be started is tried three times, ten seconds apart, and why is told all the while', async () => {
    const world = await ready()
    world.disturbed = true
    const { times, interference } = failing(world, 'engine_failed', ({ name }) => name === 'runtime.start')
    world.stack.effects.interference = interference
    const [bot] = world.stack.engine.of('bot')
    if (bot === undefined) throw new Error('there is no bot')
    await world.drive(world.stack.engine.end(bot))
    await world.until('a first try', () => times.length > 0, 20_000)
    for (let second = 1; second < 60; second += 1) {
      await world.pass(1_000)
      expect(world.updater.status().findings.join(' '), `after ${second} s`).toContain('port is already allocated')
    }
    expect(times).toHaveLength(3)
    expect(pausesBetween(times).every((pause) => pause >= 10 && pause <= 11)).toBe(true)
    world.stack.effects.interference = undisturbed
    world.stack.engine.launch(bot)
    await world.pass(watchInterval)
    expect(world.updater.status().findings).toEqual([])
    world.disturbed = false
    await settle(world)
  })
})

describe('R11: an old color that cannot be stopped', () => {
  test('is tried three times as before, ever more slowly', async () => {
    const world = await ready('good')
    const { times, interference } = failing(world, 'exit_unseen', ({ name, services }) => name === 'runtime.stop' && services?.includes('api-blue') === true)
    world.stack.effects.interference = interference
    const started = await world.run(ask(world, 'v1.1.0'))
    await world.run(started.finished)
    await world.until('the end', () => !isOpen(world))
    const [, ...tries] = times
    // Each begins with a whole drain.
    expect(pausesBetween(tries).map((pause) => Math.floor(pause - world.settings.limits.drain / 1_000))).toEqual([10, 20])
    world.stack.effects.interference = undisturbed
    await settle(world)
    expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.1.0' }, paused: false })
  })

  test('nothing is drained while what serves has fallen once more and may not be started yet', async () => {
    const world = await ready('good')
    world.settings = { ...world.settings, limits: { ...world.settings.limits, drain: 100 } }
    await world.restart()
    world.disturbed = true
    const [old] = world.stack.engine.of('bot')
    if (old === undefined) throw new Error('there is no bot')
    await world.drive(world.stack.engine.end(old))
    await world.until('it is started', () => old.state === 'running', 20_000)
    const startedAt = world.time.now
    const started = await applyUpTo(world, 'v1.1.0', 'drain')
    const [bot] = world.stack.engine.of('bot')
    if (bot === undefined) throw new Error('there is no new bot')
    world.stack.engine.die('connect ENOENT')
    world.stack.engine.exit(bot, 137)
    await world.run(started.finished)
    world.stack.engine.fault = null
    expect(world.time.now - startedAt).toBeLessThan(8_000)
    await world.until('it is started', () => bot.state === 'running')
    expect(world.time.now - startedAt).toBeLessThan(12_000)
    expect(states(world, 'blue')).toEqual(['running', 'running'])
    world.disturbed = false
    await settle(world)
  })

  test('what falls meanwhile does not wait for the next try', async () => {
    const world = await ready('good')
    const { times, interference } = failing(world, 'exit_unseen', ({ name, services }) => name === 'runtime.stop' && services?.includes('api-blue') === true)
    world.stack.effects.interference = interference
    const started = await world.run(ask(world, 'v1.1.0'))
    await world.run(started.finished)
    // The flight's own and two of the watch's: the next one is due in 20 s.
    await world.until('a third try', () => times.length === 3)
    await world.pass(2_000)
    const [bot] = world.stack.engine.of('bot')
    if (bot === undefined) throw new Error('there is no bot')
    world.disturbed = true
    await world.drive(world.stack.engine.end(bot))
    const fell = world.time.now
    await world.until('it runs again', () => bot.state === 'running')
    expect(world.time.now - fell).toBeLessThan(10_000)
    expect(isOpen(world)).toBe(true)
    world.disturbed = false
    world.stack.effects.interference = undisturbed
    await settle(world)
  })
})
