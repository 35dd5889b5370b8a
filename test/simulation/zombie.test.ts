import { expect, test } from 'vitest'
import { settle } from './at-rest.ts'
import { ask, killIn } from './operator.ts'
import type { Effect } from './world/effects.ts'
import type { Life } from './world/life.ts'
import type { ReleaseKind } from './world/releases.ts'
import { World } from './world/world.ts'

async function ready(kind: ReleaseKind): Promise<World> {
  const world = new World({ releases: { 'v1.1.0': kind } })
  await world.start()
  await settle(world)
  return world
}

/** How many effects an apply has. */
async function effectsOf(kind: ReleaseKind): Promise<number> {
  const world = await ready(kind)
  const before = world.stack.effects.done.length
  const asked = await world.run(ask(world, 'v1.1.0'))
  await world.run(asked.finished)
  return world.stack.effects.done.length - before
}

/** Stops the daemon while its effect with this number is under way, or before it hears of its end; tells what it still does once another one has taken over. */
function stopAt(world: World, number: number, when: 'in' | 'after' = 'in'): { readonly zombie: Life; readonly later: Effect[]; readonly takenOver: () => void } {
  const first = world.stack.effects.done.length
  const { life: zombie } = world.daemon
  const later: Effect[] = []
  let over = false
  world.stack.effects.interference = (effect, run, { life }) => {
    const work = run()
    // What is refused at the last moment has no effect.
    if (over && life === zombie) work.then(() => later.push(effect), () => undefined)
    if (life !== zombie || effect.index !== first + number) return work
    if (when === 'in') life.freeze()
    return when === 'in' ? work : work.finally(() => life.freeze())
  }
  return { zombie, later, takenOver: () => { over = true } }
}

test.each(['good', 'bot dies'] as const)('fault 21: whoever was stopped in any effect of an apply of a release that is %s, and goes on after another one took over, does no harm', async (kind) => {
  const count = await effectsOf(kind)
  const broken: string[] = []
  for (let number = 0; number < count; number += 1) {
    const world = await ready(kind)
    const { zombie, later, takenOver } = stopAt(world, number)
    try {
      const asked = ask(world, 'v1.1.0')
      asked.then(({ finished }) => finished, () => undefined).catch(() => undefined)
      await world.pass(60_000)
      takenOver()
      await world.start()
      await settle(world)
      zombie.thaw()
      await world.pass(60_000)
      await settle(world)
      expect(later.map(({ name }) => name)).toEqual([])
      expect(zombie.dead).toBe(true)
    } catch (error) {
      broken.push(`stopped in effect ${number}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  expect(broken.length, broken.slice(0, 3).join('\n=====\n')).toBe(0)
}, 120_000)

test.each(['in', 'after'] as const)('fault 21: whoever was stopped for half a second %s any effect of an apply, while another one took over, does no harm, and keeps the other one from nothing', async (when) => {
  const count = await effectsOf('good')
  const broken: string[] = []
  for (let number = 0; number < count; number += 1) {
    const world = await ready('good')
    const { zombie, later, takenOver } = stopAt(world, number, when)
    try {
      const asked = ask(world, 'v1.1.0')
      asked.then(({ finished }) => finished, () => undefined).catch(() => undefined) // it is ended by the other one
      await world.until('the stop', () => zombie.frozen)
      takenOver()
      const { updater } = world.boot()
      updater.start().catch(() => undefined) // what it could not do is in the findings
      await world.pass(500)
      zombie.thaw()
      await settle(world)
      expect(later.map(({ name }) => name)).toEqual([])
      expect(world.updater.status()).toMatchObject({ findings: [] })
    } catch (error) {
      broken.push(`stopped ${when} effect ${number}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  expect(broken.length, broken.slice(0, 3).join('\n=====\n')).toBe(0)
}, 120_000)

test.each(['in', 'after'] as const)('fault 21: whoever was stopped %s any effect of its own start, with a rollout to undo, and goes on after another one took over, does no harm', async (when) => {
  const broken: string[] = []
  let reached = true
  for (let number = 0; reached; number += 1) {
    const world = await ready('good')
    await killIn(world, 'v1.1.0', 'restart_bot')
    const { updater } = world.boot()
    const { zombie, later, takenOver } = stopAt(world, number, when)
    const before = world.stack.effects.done.length
    try {
      updater.start().catch(() => undefined) // it is ended by the other one
      await world.pass(15_000)
      reached = world.stack.effects.done.length > before + number
      takenOver()
      await world.start()
      await settle(world)
      zombie.thaw()
      await world.pass(60_000)
      await settle(world)
      expect(later.map(({ name }) => name)).toEqual([])
    } catch (error) {
      broken.push(`stopped in effect ${number}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  expect(broken.length, broken.slice(0, 3).join('\n=====\n')).toBe(0)
}, 120_000)
