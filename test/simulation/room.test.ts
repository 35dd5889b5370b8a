import { describe, expect, test } from 'vitest'
import { leftOver, settle, unsettled } from './at-rest.ts'
import { apply, ask } from './operator.ts'
import { routeByHand } from './outside.ts'
import { always, once, undisturbed, type Effect } from './world/effects.ts'
import { dockerStop } from './world/operator-docker.ts'
import { commitOf } from './world/releases.ts'
import { damageRecord, places } from './world/state-directory.ts'
import { World } from './world/world.ts'

/** Room is made again this long after it could not be, ms. */
const pause = 60_000
const hour = 60 * pause

async function withRelease(kind: 'good' | 'bot dies'): Promise<World> {
  const world = new World({ releases: { 'v1.1.0': kind } })
  await world.start()
  await settle(world)
  return world
}

describe('I9: what no release needs any more', () => {
  test.each(['good', 'bot dies'] as const)('is gone as soon as an apply of a release that is %s has ended', async (kind) => {
    const world = await withRelease(kind)
    await apply(world, 'v1.1.0')
    await world.pass(2_000)
    expect(leftOver(world)).toEqual([])
    expect(world.stack.images.commits().has(commitOf('v1.1.0'))).toBe(kind === 'good')
  })

  test.each([
    ['images', 'runtime.prune', 'bot dies'], ['checkouts', 'source.prune', 'bot dies'], ['prepared routes', 'router.sweep', 'good'],
  ] as const)('and could not be removed (%s) is told, and removed a minute later', async (_what, name, kind) => {
    const world = await withRelease(kind)
    world.stack.effects.interference = once('fails', (effect: Effect) => effect.name === name)
    await apply(world, 'v1.1.0')
    await world.pass(pause / 2)
    world.stack.effects.interference = undisturbed
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
    await apply(world, 'v1.1.0')
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

  test('R4: and could not be removed is not promised to be tried again while recovery holds rollouts', async () => {
    const world = await withRelease('bot dies')
    world.stack.effects.interference = always('fails', ({ name }) => name === 'source.prune')
    await apply(world, 'v1.1.0')
    await world.until('the finding', () => toldLeftOver(world))
    expect(world.updater.status().findings.at(-1)).toContain('ever more slowly')
    world.disturbed = true
    for (const instance of world.stack.instancesOf('green')) if (instance !== undefined) world.stack.engine.launch(instance)
    await world.pass(3_000)
    routeByHand(world, 'green')
    await world.until('the hold of recovery', () => world.updater.status().holds.some(({ origin }) => origin === 'recovery'))
    expect(world.updater.status().findings.at(-1)).toContain('when rollouts are unpaused')
  })

  test('is kept while it runs, though an older state directory was put back that does not know it', async () => {
    const world = new World({ releases: { 'v1.1.0': 'good', 'v1.2.0': 'good', 'v1.3.0': 'good', 'v1.4.0': 'good', 'v1.5.0': 'good' } })
    await world.start()
    await apply(world, 'v1.1.0')
    await settle(world)
    const backup = [places.record, `${places.record}.previous`, places.history, places.routes].map((path) => ({ path, text: textAt(world, path) }))
    for (const tag of ['v1.2.0', 'v1.3.0', 'v1.4.0', 'v1.5.0']) {
      await apply(world, tag)
      await settle(world)
    }
    world.daemon.life.end()
    world.disturbed = true
    for (const { path, text } of backup) world.stack.disk.put(path, text)
    world.stack.traefik.replaced(backup.at(-1)?.text ?? null)
    await world.start()
    await world.pass(pause)
    expect(world.updater.status().active?.tag).toBe('v1.1.0')
    expect(world.stack.images.commits().has(commitOf('v1.5.0'))).toBe(true)
    expect(world.stack.git.checkouts.has(commitOf('v1.5.0'))).toBe(true)
    expect(world.stack.images.commits().has(commitOf('v1.3.0'))).toBe(false)
  })
})

describe('while room is made, nothing else waits', () => {
  /** A removal that takes an hour is under way. */
  async function whileRemoving(name: string): Promise<World> {
    const world = new World({ releases: { 'v1.1.0': 'good', 'v1.2.0': 'good' } })
    await world.start()
    await settle(world)
    let begun = false
    world.stack.effects.interference = async (effect, run) => {
      if (effect.name !== name) return run()
      begun = true
      await world.time.pause(hour)
      return run()
    }
    await apply(world, 'v1.1.0')
    await world.until('the removal', () => begun)
    return world
  }
  const runs = (world: World): boolean => world.stack.engine.of('bot').some(({ state }) => state === 'running')

  test.each(['runtime.prune', 'source.prune', 'router.sweep'])('a bot that falls during %s is back within ten seconds', async (name) => {
    const world = await whileRemoving(name)
    world.disturbed = true
    await world.run(dockerStop(world.stack, 'bot'))
    await world.until('its fall', () => !runs(world))
    const fell = world.time.now
    await world.until('its return', () => runs(world))
    expect(world.time.now - fell).toBeLessThan(10_000)
  })

  test.each(['runtime.prune', 'source.prune', 'router.sweep'])('an apply during %s is taken on at once', async (name) => {
    const world = await whileRemoving(name)
    const asked = world.time.now
    const { begun } = await world.run(ask(world, 'v1.2.0'))
    await world.run(begun)
    expect(world.time.now - asked).toBeLessThan(1_000)
  })

  test('a daemon that is stopped leaves, and reports no failure', async () => {
    const world = await whileRemoving('runtime.prune')
    await world.run(world.updater.stop())
    expect(world.daemon.logged.filter((line) => line.includes('Making room'))).toEqual([])
  })

  test('what gave way is done as soon as there is time', async () => {
    const world = await whileRemoving('runtime.prune')
    world.stack.effects.interference = undisturbed
    await world.run(ask(world, 'v1.2.0'))
    await settle(world)
    expect(world.updater.status().findings).toEqual([])
  })
})

test('eight idle hours have room made a few times only: the engine keeps the build caches of others together with ours', async () => {
  const world = await withRelease('good')
  await apply(world, 'v1.1.0')
  const first = world.stack.effects.done.length
  for (let left = 8; left > 0; left -= 1) await world.pass(hour)
  const removals = world.stack.effects.done.slice(first).filter(({ name }) => name === 'runtime.prune').length
  expect(removals).toBeGreaterThan(3)
  expect(removals).toBeLessThan(8)
})

function toldLeftOver(world: World): boolean {
  return world.updater.status().findings.some((finding) => finding.includes('could not be removed'))
}

function textAt({ stack }: World, path: string): string | null {
  const bytes = stack.disk.read(path)
  return bytes === null ? null : new TextDecoder().decode(bytes)
}
