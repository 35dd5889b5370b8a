import { describe, expect, test } from 'vitest'
import { settle } from './at-rest.ts'
import { apply, applyUpTo, ask } from './operator.ts'
import { routeByHand, states } from './outside.ts'
import { commitOf } from './world/releases.ts'
import { dockerStart, dockerStop } from './world/operator-docker.ts'
import { watchInterval, World } from './world/world.ts'

/** v1.1.0 serves on green; v1.0.0 lies stopped on blue; maintenance mode. */
async function inMaintenance(): Promise<World> {
  const world = new World({ releases: { 'v1.1.0': 'good', 'v1.2.0': 'good' } })
  await world.start()
  await apply(world, 'v1.1.0')
  await settle(world)
  await world.run(world.updater.enterMaintenance('new disks', 'ann'))
  world.disturbed = true
  return world
}

function handsOn(world: World): number {
  return world.stack.effects.done.filter(({ name }) => /^runtime\.(start|up|stop|remove|tag|adopt)$|^router\.(stage|activate)$/.test(name)).length
}

describe('maintenance mode', () => {
  test('R16: what an operator stops stays stopped, also over a restart of the updater, until they are done; then it is up at once', async () => {
    const world = await inMaintenance()
    const before = handsOn(world)
    for (const service of ['bot', 'skills-green', 'api-green']) await world.run(dockerStop(world.stack, service))
    await world.pass(10 * 60_000)
    await world.restart()
    await world.pass(10 * 60_000)
    expect(handsOn(world)).toBe(before)
    expect(world.updater.status()).toMatchObject({
      paused: true,
      pauseReason: expect.stringContaining('new disks'),
      maintenance: { reason: 'new disks', by: 'ann', since: expect.any(String) },
      findings: [expect.stringContaining('set by ann: new disks'), expect.stringContaining('should run and does not')],
    })

    expect(await world.run(world.updater.leaveMaintenance('ann'))).toEqual([])
    expect(states(world, 'green')).toEqual(['running', 'running'])
    world.disturbed = false
    await settle(world)
    expect(world.updater.status()).toMatchObject({ paused: false, maintenance: null, findings: [] })
  })

  test.each([
    ['R5', (world: World) => {
      const { engine } = world.stack
      const [bot] = engine.of('bot')
      if (bot !== undefined) engine.launch(engine.create('bot', bot.image, true))
    }],
    ['R13', (world: World) => world.stack.traefik.replaced(`${world.stack.traefik.file}# by hand\n`)],
    ['R14', async (world: World) => {
      for (const service of ['skills-blue', 'api-blue']) await world.run(dockerStart(world.stack, service))
      await world.pass(1_000)
      routeByHand(world, 'blue')
    }],
    ['R15', (world: World) => world.stack.traefik.replaced(null)],
    ['R17', async (world: World) => {
      for (const service of ['skills-blue', 'api-blue']) await world.run(dockerStart(world.stack, service))
    }],
  ] as const)('%s: is only told, and seen to afterwards', async (row, work) => {
    const world = await inMaintenance()
    const before = handsOn(world)
    await work(world)
    await world.pass(3 * 60_000)
    expect(handsOn(world)).toBe(before)
    expect(world.updater.status().findings).toEqual([expect.stringContaining('Maintenance mode'), expect.stringContaining('Left to whoever works on it: ')])
    await world.run(world.updater.leaveMaintenance('ann'))
    await world.pass(2 * watchInterval)
    if (row === 'R14') {
      expect(world.updater.status()).toMatchObject({ activeColor: 'blue', active: { tag: 'v1.0.0' }, pauseReason: expect.stringContaining('routed the traffic to blue') })
      return
    }
    world.disturbed = false
    await settle(world)
  })

  test('neither a rollout nor a rollback is taken on, and both are told why', async () => {
    const world = await inMaintenance()
    expect(await world.drive(ask(world, 'v1.2.0'))).toMatchObject({ kind: 'error', error: { code: 'in_maintenance', message: expect.stringMatching(/paused.*new disks.*DELETE \/maintenance/) } })
    const back = world.updater.rollback({ previousSha: commitOf('v1.0.0'), origin: 'api' })
    expect(await world.drive(back)).toMatchObject({ kind: 'error', error: { code: 'in_maintenance', message: expect.stringContaining('new disks') } })
  })

  test('unpausing does not end it', async () => {
    const world = await inMaintenance()
    expect(await world.unpause()).toMatchObject({ kind: 'value' })
    expect(world.updater.status()).toMatchObject({ paused: true, maintenance: { by: 'ann' } })
  })

  test('left before the one who set it has heard that it is written: it is left for good', async () => {
    const world = new World()
    await world.start()
    world.stack.effects.interference = async (effect, run) => {
      if (effect.name === 'store.write') await world.time.pause(5_000)
      return run()
    }
    const entered = world.updater.enterMaintenance('new disks', 'ann')
    const left = world.updater.leaveMaintenance('ann')
    await world.run(entered)
    await world.run(left)
    expect(world.updater.status()).toMatchObject({ paused: false, maintenance: null })
    expect(world.stack.record?.maintenance).toBeNull()
  })

  test('asked for while somebody else leaves theirs, stands', async () => {
    const world = await inMaintenance()
    const leaving = world.updater.leaveMaintenance('ann')
    expect(await world.run(world.updater.enterMaintenance('more disks', 'bob'))).toMatchObject({ by: 'bob' })
    await world.run(leaving)
    expect(world.updater.status().maintenance).toMatchObject({ reason: 'more disks', by: 'bob' })
    expect(world.stack.record?.maintenance).toMatchObject({ by: 'bob' })
  })

  test('asked for in a rollout: that is undone first, and counts against nobody', async () => {
    const world = new World({ releases: { 'v1.1.0': 'good' } })
    await world.start()
    const started = await applyUpTo(world, 'v1.1.0', 'health_bot')
    await world.run(world.updater.enterMaintenance('new disks', 'ann'))
    expect(await world.run(started.outcome)).toMatchObject({ status: 'rolled_back', paused: true, pauseReason: expect.stringContaining('new disks') })
    expect(world.updater.status()).toMatchObject({ state: 'idle', active: { tag: 'v1.0.0' }, quarantine: [], holds: [] })
    await world.run(world.updater.leaveMaintenance('ann'))
    await settle(world)
    expect((await apply(world, 'v1.1.0')).status).toBe('success')
  })

  test('asked for after the commit point: the rollout is finished first', async () => {
    const world = new World({ releases: { 'v1.1.0': 'good' } })
    await world.start()
    await applyUpTo(world, 'v1.1.0', 'drain')
    await world.run(world.updater.enterMaintenance('new disks', 'ann'))
    expect(world.updater.status()).toMatchObject({ state: 'idle', active: { tag: 'v1.1.0' }, lastResult: { status: 'success' } })
    expect(states(world, 'blue')).toEqual(['exited', 'exited'])
  })

  test('an operation that a killed updater left open is undone all the same', async () => {
    const world = new World({ releases: { 'v1.1.0': 'good' } })
    await world.start()
    await applyUpTo(world, 'v1.1.0', 'health_bot')
    const entering = world.updater.enterMaintenance('new disks', 'ann')
    await world.until('it is durable', () => world.stack.record?.maintenance !== null)
    world.daemon.life.end()
    await world.drive(entering)
    await world.start()
    await world.pass(60_000)
    expect(world.updater.status()).toMatchObject({ state: 'idle', active: { tag: 'v1.0.0' }, maintenance: { by: 'ann' } })
    await world.run(world.updater.leaveMaintenance('ann'))
    await settle(world)
  })
})
