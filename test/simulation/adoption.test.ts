import { describe, expect, test } from 'vitest'
import type { HistoryEntry, PredecessorState, UpdaterRecord } from '../../src/rollout/model.ts'
import { settle } from './at-rest.ts'
import { apply, ask, killIn } from './operator.ts'
import { once } from './world/effects.ts'
import { commitOf } from './world/releases.ts'
import { plainText } from './world/routes-text.ts'
import { damageRecord, leaveNewerRecord, leavePredecessorState, places, removeRecord, restoreRecord } from './world/state-directory.ts'
import { usual } from './world/topologies.ts'
import { World, watchInterval } from './world/world.ts'

const predecessor: PredecessorState = {
  activeColor: 'blue', lastGoodTag: 'v1.0.0', paused: true, pauseReason: 'broke last night', lastCheckedAt: '2026-11-01T00:00:00.000Z',
  lastAttemptedTag: 'v1.0.1', lastSuccessAt: null, lastFailureAt: '2026-11-01T00:00:00.000Z', resumedAt: null, unknownKeys: { rollout_count: 7 },
}

function recordOf(world: World): UpdaterRecord {
  const { record } = world.stack
  if (record === null) throw new Error('there is no record')
  return record
}

describe('R3: the first start', () => {
  test('takes over what runs without touching a container, and brings the plain routes into our form', async () => {
    const world = new World({ color: 'green' })
    const before = world.stack.engine.instances.map(({ id }) => id)
    await world.start()
    await settle(world)
    expect(world.updater.status()).toMatchObject({ state: 'idle', activeColor: 'green', active: { tag: 'v1.0.0', commit: commitOf('v1.0.0') }, paused: false, findings: [] })
    expect(world.stack.engine.instances.map(({ id }) => id)).toEqual(before)
    expect(world.stack.effects.done.map(({ name }) => name).filter((name) => name.startsWith('runtime.'))).toEqual(['runtime.adopt', 'runtime.prune'])
  })

  test('gives what tells no commit a made-up one, under which it can be gone back to', async () => {
    const world = new World({ labelled: false, releases: { 'v1.1.0': 'bot dies' } })
    await world.start()
    expect(world.updater.status().active?.commit).toMatch(/^adopted-[0-9a-f]{32}$/)
    expect(await apply(world, 'v1.1.0')).toMatchObject({ status: 'rolled_back', previousSha: null })
    await settle(world)
  })

  test('takes over the predecessor\'s file without loss, its pause included', async () => {
    const world = new World({ releases: { 'v1.1.0': 'good' } })
    leavePredecessorState(world.stack.disk, predecessor)
    await world.start()
    await settle(world)
    expect(world.updater.status()).toMatchObject({ paused: true, pauseReason: 'broke last night', lastAttemptedTag: 'v1.0.1', lastCheckedAt: '2026-11-01T00:00:00.000Z', active: { tag: 'v1.0.0' } })
    expect(recordOf(world).unknownKeys).toEqual({ rollout_count: 7 })
    expect(await world.drive(ask(world, 'v1.1.0'))).toMatchObject({ kind: 'error', error: { code: 'paused' } })
  })

  test('waits for a stack that is not there yet, and says for what', async () => {
    const world = new World({ releases: { 'v1.1.0': 'good' } })
    world.disturbed = true
    const [bot] = world.stack.engine.of('bot')
    if (bot === undefined) throw new Error('there is no bot')
    world.stack.engine.discard(bot)
    await world.start()
    expect(world.updater.status()).toMatchObject({ activeColor: null, findings: [expect.stringContaining('no container of bot')] })
    expect(await world.drive(ask(world, 'v1.1.0'))).toMatchObject({ kind: 'error', error: { code: 'observing' } })
    expect(world.stack.effects.done).toEqual([])
    world.stack.engine.launch(world.stack.engine.create('bot', bot.image, true))
    await world.pass(watchInterval + 1_000)
    world.disturbed = false
    await settle(world)
    expect(world.updater.status().activeColor).toBe('blue')
  })

  test('waits for an engine that does not answer', async () => {
    const world = new World()
    world.stack.engine.fault = 'connect ENOENT'
    await world.start()
    expect(world.updater.status()).toMatchObject({ activeColor: null, findings: [expect.stringContaining('connect ENOENT')] })
    world.stack.engine.fault = null
    await settle(world)
    expect(world.updater.status()).toMatchObject({ activeColor: 'blue', paused: false })
  })

  test('that is killed or fails at any of its effects ends the same', async () => {
    for (const fault of ['fails', 'crash before'] as const) {
      for (let at = 0; at < 5; at += 1) {
        const world = new World()
        world.stack.effects.interference = once(fault, ({ index }) => index === at)
        await world.start()
        if (world.daemon.life.dead) await world.start()
        await settle(world)
        expect(world.updater.status()).toMatchObject({ activeColor: 'blue', paused: false, active: { commit: commitOf('v1.0.0') } })
      }
    }
  })
})

describe('R4: no record that can be believed, but traces of the updater', () => {
  async function afterARollout(): Promise<World> {
    const world = new World({ releases: { 'v1.1.0': 'good' } })
    await world.start()
    await apply(world, 'v1.1.0')
    await settle(world)
    world.daemon.life.end()
    return world
  }

  test.each([
    ['damaged', (world: World) => damageRecord(world.stack.disk)],
    ['gone', (world: World) => removeRecord(world.stack.disk)],
    ['gone together with the routes\' stamp, but not the history', (world: World) => {
      removeRecord(world.stack.disk)
      world.stack.traefik.replaced(plainText('green', usual))
    }],
    ['gone together with the history, but not the routes\' stamp', (world: World) => {
      removeRecord(world.stack.disk)
      world.stack.disk.put(places.history, null)
    }],
  ])('a record that is %s: what serves is taken over, nothing is stopped, and rollouts are held', async (_name, lose) => {
    const world = await afterARollout()
    const running = world.stack.engine.instances.filter(({ state }) => state === 'running').map(({ id }) => id)
    lose(world)
    await world.start()
    await settle(world)
    expect(world.updater.status()).toMatchObject({ activeColor: 'green', active: { commit: commitOf('v1.1.0') }, paused: true })
    expect(world.stack.engine.instances.filter(({ state }) => state === 'running').map(({ id }) => id)).toEqual(running)
    expect(await world.unpause()).toMatchObject({ kind: 'value' })
  })

  test('an older copy of the record, by the number in the routes file: nothing is undone, rollouts are held', async () => {
    const world = new World({ releases: { 'v1.1.0': 'good' } })
    await world.start()
    await settle(world)
    const old = recordOf(world)
    await apply(world, 'v1.1.0')
    await settle(world)
    world.daemon.life.end()
    world.disturbed = true
    restoreRecord(world.stack.disk, old)
    await world.start()
    world.disturbed = false
    await settle(world)
    expect(world.updater.status()).toMatchObject({ activeColor: 'green', active: { commit: commitOf('v1.1.0') }, paused: true, pauseReason: expect.stringContaining('older copy') })
    expect(recordOf(world).sequence).toBeGreaterThan(old.sequence)
  })

  test('an older copy of the record with an open operation undoes nothing', async () => {
    const world = new World({ releases: { 'v1.1.0': 'good' } })
    await world.start()
    let old: UpdaterRecord | null = null
    world.stack.effects.interference = (effect, run) => {
      if (effect.name === 'runtime.build') old = recordOf(world)
      return run()
    }
    await apply(world, 'v1.1.0')
    await settle(world)
    world.daemon.life.end()
    if (old === null) throw new Error('nothing was built')
    world.disturbed = true
    restoreRecord(world.stack.disk, old)
    await world.start()
    world.disturbed = false
    await settle(world)
    expect(world.updater.status()).toMatchObject({ activeColor: 'green', paused: true })
  })

  test('an older copy of the record with an open operation, while both colors run: the routed one is taken over', async () => {
    const world = new World({ releases: { 'v1.1.0': 'good' } })
    await world.start()
    let old: UpdaterRecord | null = null
    world.stack.effects.interference = (effect, run) => {
      if (effect.name === 'runtime.build') old = recordOf(world)
      return run()
    }
    await killIn(world, 'v1.1.0', 'drain')
    if (old === null) throw new Error('nothing was built')
    world.disturbed = true
    restoreRecord(world.stack.disk, old)
    await world.start()
    world.disturbed = false
    await settle(world)
    expect(world.updater.status()).toMatchObject({ activeColor: 'green', active: { commit: commitOf('v1.1.0') }, paused: true })
  })

  test('the routed color is ill and the other one is healthy: the healthy one is taken over and routed', async () => {
    const world = await afterARollout()
    world.disturbed = true
    for (const instance of world.stack.instancesOf('blue')) if (instance !== undefined) world.stack.engine.launch(instance)
    for (const instance of world.stack.instancesOf('green')) if (instance !== undefined) instance.ill = true
    await world.pass(1_000)
    damageRecord(world.stack.disk)
    await world.start()
    expect(world.updater.status()).toMatchObject({ activeColor: 'blue', paused: true })
    expect(world.stack.routed).toBe('blue')
  })
})

test('R1: a record of a newer version is left alone: nothing is done, and it says why', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  leaveNewerRecord(world.stack.disk, 9)
  await world.start()
  await world.pass(120_000)
  expect(world.stack.effects.done).toEqual([])
  expect(world.stack.recordFile).toEqual({ kind: 'newer', schema: 9 })
  expect(world.updater.status()).toMatchObject({ observing: expect.stringContaining('schema 9'), state: 'idle' })
  expect(await world.drive(ask(world, 'v1.1.0'))).toMatchObject({ kind: 'error', error: { code: 'observing' } })
  expect(await world.drive(world.updater.unpause('ann'))).toMatchObject({ kind: 'error', error: { code: 'observing' } })
  expect(await world.run(world.updater.history())).toEqual<HistoryEntry[]>([])
})
