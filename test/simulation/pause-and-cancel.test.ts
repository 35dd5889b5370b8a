import { describe, expect, test } from 'vitest'
import { planOf } from '../../src/rollout/plan.ts'
import { settle } from './at-rest.ts'
import { apply, applyUpTo, ask } from './operator.ts'
import { always } from './world/effects.ts'
import { usual } from './world/topologies.ts'
import { World } from './world/world.ts'

const plan = planOf(usual, 'green')
const before = plan.slice(0, plan.indexOf('commit'))
const after = plan.slice(plan.indexOf('commit') + 1)

async function ready(): Promise<World> {
  const world = new World({ releases: { 'v1.1.0': 'good', 'v1.2.0': 'good' } })
  await world.start()
  return world
}

describe('fault 18: cancelling', () => {
  test.each(before)('in %s undoes the rollout; nothing is quarantined or paused', async (step) => {
    const world = await ready()
    const started = await applyUpTo(world, 'v1.1.0', step)
    await world.run(world.updater.cancel('ann'))
    const result = await world.run(started.outcome)
    expect(result).toMatchObject({ activeColor: 'blue', paused: false, error: expect.stringContaining('Cancelled by ann') })
    expect(result.status).toBe(before.indexOf(step) < before.indexOf('route_switch') ? 'failed' : 'rolled_back')
    await world.run(started.finished)
    await settle(world)
    expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.0.0' }, paused: false, quarantine: [] })
    expect((await apply(world, 'v1.1.0')).status).toBe('success')
  })

  test.each(after)('in %s is too late and says so', async (step) => {
    const world = await ready()
    const started = await applyUpTo(world, 'v1.1.0', step)
    expect(await world.drive(world.updater.cancel('ann'))).toMatchObject({ kind: 'error', error: { code: 'past_commit' } })
    expect((await world.run(started.outcome)).status).toBe('success')
    await world.run(started.finished)
    await settle(world)
  })

  test('while the commit is being written is too late', async () => {
    const world = await ready()
    const started = await applyUpTo(world, 'v1.1.0', 'commit')
    expect(await world.drive(world.updater.cancel('ann'))).toMatchObject({ kind: 'error', error: { code: 'past_commit' } })
    expect((await world.run(started.outcome)).status).toBe('success')
  })

  test('when nothing runs is refused', async () => {
    const world = await ready()
    expect(await world.drive(world.updater.cancel('ann'))).toMatchObject({ kind: 'error', error: { code: 'nothing_to_cancel' } })
  })

  test('before the operation is open leaves nothing behind', async () => {
    const world = await ready()
    const started = await world.run(ask(world, 'v1.1.0'))
    await world.run(world.updater.cancel('ann'))
    expect(await world.drive(started.outcome)).toMatchObject({ kind: 'error', error: { code: 'cancelled' } })
    await world.run(started.finished)
    expect(world.updater.status()).toMatchObject({ state: 'idle', lastResult: null, paused: false })
    await settle(world)
  })
})

describe('fault 18: pausing', () => {
  test.each(before)('in %s undoes the rollout and holds', async (step) => {
    const world = await ready()
    const started = await applyUpTo(world, 'v1.1.0', step)
    await world.run(world.updater.pause('the fair is on', 'ann'))
    expect(await world.run(started.outcome)).toMatchObject({ activeColor: 'blue', error: expect.stringContaining('Paused by ann') })
    // The call ends when all is undone.
    expect(world.updater.status()).toMatchObject({ state: 'idle', paused: true, pauseReason: 'the fair is on', active: { tag: 'v1.0.0' }, quarantine: [] })
    await settle(world)
  })

  test.each(after)('in %s finishes the rollout and holds', async (step) => {
    const world = await ready()
    const started = await applyUpTo(world, 'v1.1.0', step)
    await world.run(world.updater.pause('the fair is on', 'ann'))
    expect(await world.run(started.outcome)).toMatchObject({ status: 'success', activeColor: 'green' })
    expect(world.updater.status()).toMatchObject({ state: 'idle', paused: true, pauseReason: 'the fair is on', active: { tag: 'v1.1.0' } })
    await settle(world)
  })

  test('is not lost when the rollout fails by itself in the same moment', async () => {
    const world = new World({ releases: { 'v1.1.0': 'bot dies' } })
    await world.start()
    const started = await world.run(ask(world, 'v1.1.0'))
    await world.until('the failure', () => world.daemon.events.some(({ kind }) => kind === 'step_failed'))
    await world.run(world.updater.pause('the fair is on', 'ann'))
    await world.run(started.finished)
    expect(world.updater.status().holds.map(({ reason }) => reason)).toContain('the fair is on')
    await settle(world)
  })

  test('survives the death of the daemon, also in the middle of the undo that it asked for', async () => {
    const world = await ready()
    const started = await applyUpTo(world, 'v1.1.0', 'health_bot')
    const pausing = world.drive(world.updater.pause('the fair is on', 'ann'))
    await world.until('the undo', () => world.daemon.events.some(({ kind }) => kind === 'undo_started'))
    world.daemon.life.end()
    expect(await pausing).toEqual({ kind: 'died' })
    expect(await world.drive(started.finished)).toEqual({ kind: 'died' })
    await world.start()
    await settle(world)
    expect(world.updater.status()).toMatchObject({ paused: true, active: { tag: 'v1.0.0' } })
    expect(world.updater.status().holds.map(({ reason }) => reason)).toContain('the fair is on')
  })

  test('that cannot be written says so', async () => {
    const world = await ready()
    world.stack.effects.interference = always('fails', ({ name }) => name === 'store.write')
    expect(await world.drive(world.updater.pause('the fair is on', 'ann'))).toMatchObject({ kind: 'error', error: { code: 'not_durable' } })
    expect(await world.drive(world.updater.unpause('ann'))).toMatchObject({ kind: 'error' })
  })
})

describe('unpausing', () => {
  test('clears holds and the count of failures, remembers when, and leaves the quarantine', async () => {
    const world = new World({ releases: { 'v1.1.0': 'bot dies', 'v1.2.0': 'good' } })
    await world.start()
    await apply(world, 'v1.1.0')
    await world.run(world.updater.pause('and by hand', 'ann'))
    expect(world.updater.status().holds).toHaveLength(2)
    expect(await world.unpause()).toMatchObject({ kind: 'value' })
    expect(world.updater.status()).toMatchObject({ paused: false, pauseReason: null, holds: [], quarantine: [{ tag: 'v1.1.0' }] })
    expect(world.updater.status().resumedAt).not.toBeNull()
    expect((await apply(world, 'v1.2.0')).status).toBe('success')
  })

  describe('clears nothing that came after it was asked for', () => {
    /** Each write takes a second: what is asked for meanwhile comes before its end. */
    async function whileUnpausing(what: (world: World) => Promise<unknown>): Promise<World> {
      const world = await ready()
      await apply(world, 'v1.1.0')
      await world.run(world.updater.pause('the fair is on', 'ann'))
      world.stack.effects.interference = async (effect, run, { time }) => {
        if (effect.name === 'store.write') await time.pause(1_000)
        return run()
      }
      const unpausing = world.unpause()
      await world.run(what(world))
      expect(await unpausing).toMatchObject({ kind: 'value' })
      return world
    }

    test('the same pause, asked for again', async () => {
      const world = await whileUnpausing(({ updater }) => updater.pause('the fair is on', 'bob'))
      expect(world.updater.status()).toMatchObject({ paused: true, pauseReason: 'the fair is on' })
    })

    test('a pause for another reason, which stays alone', async () => {
      const world = await whileUnpausing(({ updater }) => updater.pause('and the market', 'bob'))
      expect(world.updater.status().holds.map(({ reason }) => reason)).toEqual(['and the market'])
    })

    test('fault 39: that the tag of what runs was moved', async () => {
      const world = await whileUnpausing(({ updater }) => updater.inspectTags([{ tag: 'v1.1.0', commit: 'f'.repeat(40) }]))
      expect(world.updater.status().holds).toMatchObject([{ origin: 'tag_moved' }])
    })
  })

  test('when nothing is paused is no error', async () => {
    const world = await ready()
    expect(await world.unpause()).toMatchObject({ kind: 'value' })
  })

  test('is refused while the engine does not answer, and the hold stays', async () => {
    const world = await ready()
    await world.run(world.updater.pause('the fair is on', 'ann'))
    world.stack.engine.fault = 'connect ENOENT'
    expect(await world.unpause()).toMatchObject({ kind: 'error', error: { code: 'inconsistent', message: expect.stringContaining('connect ENOENT') } })
    expect(world.updater.status()).toMatchObject({ paused: true })
  })

  test('that cannot be written is refused, and the hold stays', async () => {
    const world = await ready()
    await world.run(world.updater.pause('the fair is on', 'ann'))
    world.stack.effects.interference = always('fails', ({ name }) => name === 'store.write')
    expect(await world.unpause()).toMatchObject({ kind: 'error', error: { code: 'not_durable' } })
    expect(world.updater.status()).toMatchObject({ paused: true, pauseReason: 'the fair is on' })
  })
})
