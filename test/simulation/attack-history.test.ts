import { expect, test } from 'vitest'
import { settle } from './at-rest.ts'
import { ask } from './operator.ts'
import { once } from './world/effects.ts'
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
