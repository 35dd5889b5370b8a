import { describe, expect, test } from 'vitest'
import { planOf } from '../../src/rollout/plan.ts'
import { settle, unsettled } from './at-rest.ts'
import { apply, applyUpTo, ask } from './operator.ts'
import { usual } from './world/topologies.ts'
import { World } from './world/world.ts'

const plan = planOf(usual, 'green')
const before = plan.slice(0, plan.indexOf('commit'))
const after = plan.slice(plan.indexOf('commit'))

async function ready(): Promise<World> {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  return world
}

/** SIGTERM: the daemon leaves in order; then its process is gone. */
async function leave(world: World): Promise<void> {
  const begun = world.time.now
  await world.run(world.updater.stop())
  expect(world.time.now - begun).toBeLessThan(world.settings.limits.shutdown + 1_000)
  world.daemon.life.end()
}

describe('SIGTERM', () => {
  test.each(before)('fault 43: in %s: the daemon is out in time, the next one undoes, and nothing is counted or held', async (step) => {
    const world = await ready()
    const started = await applyUpTo(world, 'v1.1.0', step)
    await leave(world)
    expect(world.stack.record?.operation).toMatchObject({ stoppedCleanly: true })
    await world.start()
    await settle(world)
    expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.0.0' }, paused: false, quarantine: [], lastResult: { operationId: started.operationId } })
    expect(world.stack.record?.failuresInARow).toBe(0)
    expect((await apply(world, 'v1.1.0')).status).toBe('success')
  })

  test.each(after)('fault 43: in %s: the daemon is out in time, and the next one finishes', async (step) => {
    const world = await ready()
    await applyUpTo(world, 'v1.1.0', step)
    await leave(world)
    const booted = world.boot()
    const starting = booted.updater.start()
    await world.drive(world.time.pause(20))
    // Nothing is undone, and nobody is told so.
    expect(world.updater.status()).toMatchObject({ state: world.stack.record?.operation === null ? 'idle' : 'updating', activeColor: 'green' })
    await world.run(starting)
    await settle(world)
    expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.1.0' }, paused: false, lastResult: { status: 'success' } })
  })

  test('tells the caller of a rollout that it was shut down', async () => {
    const world = await ready()
    const started = await applyUpTo(world, 'v1.1.0', 'docker_build')
    const outcome = world.drive(started.outcome)
    const left = world.updater.stop()
    expect(await outcome).toMatchObject({ kind: 'error', error: { code: 'shutting_down' } })
    await world.run(left)
  })

  test('when idle leaves nothing open, and takes on nothing more', async () => {
    const world = await ready()
    await settle(world)
    await leave(world)
    expect(unsettled(world)).toEqual([])
    expect(await Promise.allSettled([ask(world, 'v1.1.0')])).toMatchObject([{ status: 'rejected', reason: { code: 'shutting_down' } }])
  })

  test('lets the restart of a stubborn bot in hand come to its end, so that there is one', async () => {
    const world = await ready()
    world.stack.effects.interference = async (effect, run) => {
      if (effect.name === 'runtime.stop' && effect.services?.[0] === 'bot') await world.time.pause(25_000)
      return run()
    }
    await applyUpTo(world, 'v1.1.0', 'restart_bot')
    await world.pass(1_000)
    await leave(world)
    expect(world.stack.engine.of('bot')).toMatchObject([{ state: 'running' }])
    expect(world.stack.record?.operation?.phase).toBe('swapping')
  })

  test('gives up what never ends at the limit of leaving', async () => {
    const world = await ready()
    world.stack.effects.interference = (effect, run) => (effect.name === 'runtime.stop' ? new Promise(() => undefined) : run())
    await applyUpTo(world, 'v1.1.0', 'restart_bot')
    await leave(world)
    world.stack.effects.interference = (_effect, run) => run()
    await world.start()
    await settle(world)
    expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.0.0' } })
  })

  test('fault 43: before it has looked at all, such as while the engine is asked about its mounts, leaves the record as the one before did', async () => {
    const world = await ready()
    await applyUpTo(world, 'v1.1.0', 'docker_build')
    await leave(world)
    const left = world.stack.record
    expect(left?.operation).toMatchObject({ stoppedCleanly: true })
    world.boot()
    await world.run(world.updater.stop())
    await world.run(world.updater.start())
    expect(world.stack.record).toEqual(left)
    world.daemon.life.end()
    await world.start()
    await settle(world)
  })
})
