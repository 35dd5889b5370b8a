import { describe, expect, test } from 'vitest'
import { leftOver, settle, unsettled } from './at-rest.ts'
import { apply, ask } from './operator.ts'
import { once, undisturbed, type Effect } from './world/effects.ts'
import { commitOf } from './world/releases.ts'
import { damageRecord } from './world/state-directory.ts'
import { World } from './world/world.ts'

/** Room is made again this long after it could not be, ms. */
const pause = 60_000

async function withRelease(kind: 'good' | 'bot dies'): Promise<World> {
  const world = new World({ releases: { 'v1.1.0': kind } })
  await world.start()
  await settle(world)
  return world
}

describe('I9: what no release needs any more', () => {
  test.each(['good', 'bot dies'] as const)('is gone when an apply of a release that is %s has ended', async (kind) => {
    const world = await withRelease(kind)
    await apply(world, 'v1.1.0')
    expect(leftOver(world)).toEqual([])
    expect(world.stack.images.commits().has(commitOf('v1.1.0'))).toBe(kind === 'good')
  })

  test.each([
    ['images', 'runtime.prune', 'bot dies'], ['checkouts', 'source.prune', 'bot dies'], ['prepared routes', 'router.sweep', 'good'],
  ] as const)('and could not be removed (%s) is told, and removed a minute later', async (_what, name, kind) => {
    const world = await withRelease(kind)
    world.stack.effects.interference = once('fails', (effect: Effect) => effect.name === name)
    await apply(world, 'v1.1.0')
    world.stack.effects.interference = undisturbed
    await world.pass(pause / 2)
    expect(leftOver(world)).not.toEqual([])
    expect(unsettled(world)).toEqual([])
    expect(world.updater.status().findings).toEqual([expect.stringMatching(/could not be removed, and takes up disk: .* tried again/)])
    await world.pass(pause)
    expect(leftOver(world)).toEqual([])
    expect(world.updater.status().findings).toEqual([])
  })

  test.each([['runtime.prune', 'bot dies'], ['source.prune', 'bot dies'], ['router.sweep', 'good']] as const)('is removed by the next daemon when one died before its %s', async (name, kind) => {
    const world = await withRelease(kind)
    world.stack.effects.interference = once('crash before', (effect: Effect) => effect.name === name)
    const { outcome } = await world.run(ask(world, 'v1.1.0'))
    outcome.catch(() => undefined) // nobody is left to tell it
    await world.until('the end of the daemon', () => world.daemon.life.dead)
    world.stack.effects.interference = undisturbed
    expect(leftOver(world)).not.toEqual([])
    await world.start()
    await world.pass(1_000)
    expect(leftOver(world)).toEqual([])
  })

  test('R4: is not known when the record is lost; nothing is removed until somebody has looked, and unpaused', async () => {
    const world = await withRelease('good')
    await apply(world, 'v1.1.0')
    await settle(world)
    world.daemon.life.end()
    damageRecord(world.stack.disk)
    await world.start()
    await world.pass(20 * pause)
    expect(world.updater.status()).toMatchObject({ paused: true, active: { tag: 'v1.1.0' } })
    expect([...world.stack.images.commits()]).toContain(commitOf('v1.0.0'))
    expect(await world.unpause()).toMatchObject({ kind: 'value' })
    await settle(world)
    expect([...world.stack.images.commits()]).not.toContain(commitOf('v1.0.0'))
  })
})
