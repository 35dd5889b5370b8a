import { describe, expect, test } from 'vitest'
import type { PredecessorState, UpdaterRecord } from '../../src/rollout/model.ts'
import { settle } from './at-rest.ts'
import { apply } from './operator.ts'
import { always } from './world/effects.ts'
import { damageRecord, leaveNewerRecord, leavePredecessorState, places, removeRecord, restoreRecord } from './world/state-directory.ts'
import { watchInterval, World } from './world/world.ts'

const predecessor: PredecessorState = {
  activeColor: 'blue', lastGoodTag: 'v1.0.0', paused: true, pauseReason: 'broke last night', lastCheckedAt: null,
  lastAttemptedTag: null, lastSuccessAt: null, lastFailureAt: null, resumedAt: null, unknownKeys: {},
}

/** The engine is gone, so that nothing can be taken over; v1.1.0 was rolled out before. */
async function withoutEngine(): Promise<{ world: World; before: UpdaterRecord }> {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  const before = world.stack.record
  if (before === null) throw new Error('there is no record')
  await apply(world, 'v1.1.0')
  await settle(world)
  world.daemon.life.end()
  world.stack.engine.fault = 'connect ENOENT'
  return { world, before }
}

describe('I4: while no record is taken over, or it may only be looked at', () => {
  test.each([
    ['is damaged', 'damaged', ({ stack }: World) => damageRecord(stack.disk)],
    ['is gone', 'missing', ({ stack }: World) => removeRecord(stack.disk)],
    ['is an older copy', 'older copy', ({ stack }: World, before: UpdaterRecord) => restoreRecord(stack.disk, before)],
  ])('one that %s counts as paused, and it says why', async (_name, why, lose) => {
    const { world, before } = await withoutEngine()
    lose(world, before)
    await world.start()
    expect(world.updater.status()).toMatchObject({ activeColor: null, paused: true, pauseReason: expect.stringContaining(why), holds: [] })
    world.stack.engine.fault = null
    await world.pass(watchInterval)
    await settle(world)
    expect(world.updater.status()).toMatchObject({ activeColor: 'green', paused: true, holds: [expect.objectContaining({ origin: 'recovery' })] })
  })

  test('one that cannot be read from the disk counts as paused until it can', async () => {
    const { world } = await withoutEngine()
    world.stack.engine.fault = null
    world.stack.effects.questionInterference = always('fails', ({ name, path }) => name === 'files.read' && path === places.record)
    await world.start()
    expect(world.updater.status()).toMatchObject({ activeColor: null, paused: true, pauseReason: expect.stringContaining('cannot be read') })
    world.stack.effects.questionInterference = (_effect, run) => run()
    await world.pass(watchInterval)
    await settle(world)
    expect(world.updater.status()).toMatchObject({ activeColor: 'green', paused: false, pauseReason: null })
  })

  test('none beside a history that cannot be read is a lost one, and no first start', async () => {
    const world = new World()
    world.stack.effects.questionInterference = always('fails', ({ name, path }) => name === 'files.read' && path === places.history)
    await world.start()
    expect(world.updater.status()).toMatchObject({ activeColor: 'blue', paused: true, holds: [{ origin: 'recovery', reason: expect.stringContaining('missing') }] })
  })

  test('one of a newer version counts as paused', async () => {
    const world = new World()
    leaveNewerRecord(world.stack.disk, 9)
    await world.start()
    expect(world.updater.status()).toMatchObject({ observing: expect.stringContaining('schema 9'), paused: true, pauseReason: expect.stringContaining('schema 9') })
  })

  test('settings that can be used no more count as paused until they can', async () => {
    const world = new World()
    await world.start()
    world.observing = 'The secret is empty.'
    expect(world.updater.status()).toMatchObject({ activeColor: 'blue', paused: true, pauseReason: 'The updater only observes: The secret is empty.', holds: [] })
    world.observing = null
    expect(world.updater.status()).toMatchObject({ paused: false, pauseReason: null })
  })

  test('the predecessor\'s pause is told before its file is taken over', async () => {
    const world = new World()
    leavePredecessorState(world.stack.disk, predecessor)
    world.stack.engine.fault = 'connect ENOENT'
    await world.start()
    expect(world.updater.status()).toMatchObject({ activeColor: null, paused: true, pauseReason: 'broke last night' })
  })

  test.each([
    ['the engine', (world: World) => { world.stack.engine.fault = 'connect ENOENT' }],
    ['the stack', (world: World) => {
      const [bot] = world.stack.engine.of('bot')
      if (bot !== undefined) world.stack.engine.discard(bot)
    }],
  ])('a first start that waits for %s is not paused', async (_name, change) => {
    const world = new World()
    world.disturbed = true
    change(world)
    await world.start()
    expect(world.updater.status()).toMatchObject({ activeColor: null, paused: false, pauseReason: null, findings: [expect.any(String)] })
  })
})
