import { describe, expect, test } from 'vitest'
import { settle } from './at-rest.ts'
import { applyUpTo, ask } from './operator.ts'
import { always, once } from './world/effects.ts'
import { places } from './world/state-directory.ts'
import { World } from './world/world.ts'

test.each(['never healthy', 'broken when routed'] as const)('a release that is %s is in the history even if the daemon dies just as it is closed', async (kind) => {
  const world = new World({ releases: { 'v1.1.0': kind } })
  await world.start()
  const started = await world.run(ask(world, 'v1.1.0'))
  world.stack.effects.interference = once('crash before', ({ name }) => name === 'history.append')
  expect(await world.drive(started.finished)).toEqual({ kind: 'died' })
  world.stack.effects.interference = (_effect, run) => run()
  await world.start()
  await settle(world)
  expect(await world.run(world.updater.operation(started.operationId))).toMatchObject({ state: 'ended' })
  expect(await world.run(world.updater.history())).toMatchObject([{ tag: 'v1.1.0', result: { operationId: started.operationId, error: expect.any(String) } }])
})

test('an operation that was undone at the next start has its cause in result and history', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  const started = await world.run(ask(world, 'v1.1.0'))
  await world.until('the bot step', () => world.daemon.events.some(({ kind, step }) => kind === 'step_started' && step === 'health_bot'))
  await world.restart()
  await settle(world)
  const result = { operationId: started.operationId, status: 'rolled_back', error: expect.stringContaining('The updater ended during'), paused: true }
  expect(world.updater.status().lastResult).toMatchObject(result)
  expect(await world.run(world.updater.history())).toMatchObject([{ tag: 'v1.1.0', result }])
})

describe.each(['written', 'read'] as const)('an operation can be asked for although the history cannot be %s', (how) => {
  const fail = (world: World): void => {
    const { effects } = world.stack
    effects.interference = always('fails', ({ name }) => how === 'written' && name === 'history.append')
    effects.questionInterference = always('fails', ({ name, path }) => how === 'read' && name === 'files.read' && path === places.history)
  }

  test('fault 44: when it has ended', async () => {
    const world = new World({ releases: { 'v1.1.0': 'good' } })
    await world.start()
    fail(world)
    const started = await world.run(ask(world, 'v1.1.0'))
    await world.run(started.finished)
    expect(await world.run(world.updater.operation(started.operationId))).toMatchObject({ state: 'ended', result: { status: 'success' } })
  })

  test('fault 44: when the next daemon has undone it', async () => {
    const world = new World({ releases: { 'v1.1.0': 'good' } })
    await world.start()
    const started = await applyUpTo(world, 'v1.1.0', 'route_switch')
    world.daemon.life.end()
    fail(world)
    await world.start()
    await settle(world)
    expect(await world.run(world.updater.operation(started.operationId))).toMatchObject({ state: 'ended', result: { status: 'rolled_back' } })
  })
})

test('an operation that never was cannot be asked for, and a history that cannot be read is told', async () => {
  const world = new World({ releases: {} })
  await world.start()
  expect(await world.drive(world.updater.operation('no-such'))).toMatchObject({ kind: 'error', error: { code: 'unknown_operation' } })
  world.stack.effects.questionInterference = always('fails', ({ name, path }) => name === 'files.read' && path === places.history)
  expect(await world.drive(world.updater.operation('no-such'))).toMatchObject({ kind: 'error', error: { code: 'storage_failed' } })
})
