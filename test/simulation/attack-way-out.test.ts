import { expect, test } from 'vitest'
import { UpdaterError } from '../../src/rollout/errors.ts'
import { settle } from './at-rest.ts'
import { apply, applyUpTo, ask, killIn, rollback } from './operator.ts'
import { sicken } from './outside.ts'
import { plainText } from './world/routes-text.ts'
import { noGroups, usual } from './world/topologies.ts'
import { World } from './world/world.ts'

test('an old bot that was ill before does not keep the undo open for good: it is back, told and held, and a mended release can follow', async () => {
  const world = new World({ releases: { 'v1.1.0': 'bot never healthy', 'v1.2.0': 'good' } })
  await world.start()
  await settle(world)
  for (const bot of world.stack.engine.of('bot')) bot.ill = true
  const started = await world.run(ask(world, 'v1.1.0'))
  const whileOpen = world.until('a bot of v1.0.0 again', () => world.stack.engine.of('bot').some(({ id, image }) => id !== 'c3-bot' && image.version === '1.0.0'))
  await whileOpen
  for (const bot of world.stack.engine.of('bot')) bot.ill = true
  expect(await world.run(started.outcome)).toMatchObject({ status: 'failed', paused: true, activeColor: 'blue', error: expect.stringContaining('bot') })
  await world.run(started.finished)
  expect(world.updater.status()).toMatchObject({ state: 'idle', active: { tag: 'v1.0.0' }, paused: true })
  expect(world.stack.engine.of('bot')).toHaveLength(1)
  expect(await world.unpause()).toMatchObject({ kind: 'value' })
  expect((await apply(world, 'v1.2.0')).status).toBe('success')
  await settle(world)
})

test('an undo that is complete is told as such, even if something else of the stack cannot be mended at once', async () => {
  const world = new World({ releases: { 'v1.1.0': 'bot dies' } })
  await world.start()
  await settle(world)
  const started = await world.run(ask(world, 'v1.1.0'))
  await world.until('the closed operation', () => world.stack.record?.operation === null && world.stack.record.lastResult !== null)
  world.disturbed = true
  const [api] = world.stack.engine.of('api-blue').concat(world.stack.instancesOf('blue').flatMap((one) => one ?? []))
  if (api === undefined) throw new Error('there is no api')
  world.stack.engine.exit(api, 1)
  world.stack.effects.interference = (effect, run) => (effect.name === 'runtime.start' ? Promise.reject(new UpdaterError('engine_failed', 'port in use')) : run())
  expect(await world.run(started.outcome)).toMatchObject({ status: 'rolled_back', activeColor: 'blue' })
  await world.run(started.finished)
  expect(await world.run(world.updater.operation(started.operationId))).toMatchObject({ state: 'ended', result: { status: 'rolled_back' } })
})

test('routes that were edited by hand while a committed rollout is finished do not keep it open', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good', 'v1.2.0': 'good' } })
  await world.start()
  await killIn(world, 'v1.1.0', 'drain')
  world.stack.traefik.replaced(plainText('green', usual))
  await world.start()
  await settle(world)
  expect(world.updater.status()).toMatchObject({ state: 'idle', active: { tag: 'v1.1.0' }, lastResult: { status: 'success' } })
  expect((await apply(world, 'v1.2.0')).status).toBe('success')
})

test('after a new color had to be kept the release before it can be rolled back to', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good', 'v1.2.0': 'good' }, labelled: false })
  await world.start()
  const { active } = world.updater.status()
  await killIn(world, 'v1.1.0', 'health_bot')
  world.disturbed = true
  sicken(world, 'blue')
  await world.start()
  expect(world.updater.status()).toMatchObject({ activeColor: 'green', active: { tag: 'v1.1.0' }, paused: true })
  expect(world.updater.status().previous).toMatchObject([{ commit: active?.commit }])
  await world.unpause()
  expect((await rollback(world, active?.commit ?? '')).status).toBe('success')
})

test('with the engine gone in an undo the answer says so, not that the old color is ill', async () => {
  const world = new World({ releases: { 'v1.1.0': 'broken when routed' } })
  await world.start()
  const started = await applyUpTo(world, 'v1.1.0', 'health_routed_skills')
  world.stack.engine.fault = 'connect ENOENT'
  expect(await world.run(started.outcome)).toMatchObject({ status: 'failed', paused: true, error: expect.stringContaining('connect ENOENT') })
  await world.run(started.finished)
  world.stack.engine.fault = null
  await settle(world)
})

test('unpausing while an undo cannot be completed is refused with what is in the way', async () => {
  const world = new World({ releases: { 'v1.1.0': 'broken when routed' } })
  await world.start()
  const started = await applyUpTo(world, 'v1.1.0', 'health_routed_skills')
  world.stack.traefik.down = true
  expect(await world.run(started.outcome)).toMatchObject({ status: 'failed', paused: true })
  await world.run(started.finished)
  expect(await world.unpause()).toMatchObject({ kind: 'error', error: { code: 'inconsistent', message: expect.stringContaining('entry point skills') } })
  expect(world.updater.status()).toMatchObject({ paused: true })
  world.stack.traefik.down = false
  await settle(world)
})

test('an undo writes no routes where there are no groups', async () => {
  const world = new World({ topology: noGroups, releases: { 'v1.1.0': 'bot dies' } })
  await world.start()
  expect(await apply(world, 'v1.1.0')).toMatchObject({ status: 'rolled_back' })
  expect(world.stack.effects.done.filter(({ name }) => name === 'router.stage' || name === 'router.activate')).toEqual([])
  expect(world.stack.traefik.file).toBeNull()
})

test('with an engine that hangs the traffic is back within a second all the same', async () => {
  const world = new World({ releases: { 'v1.1.0': 'broken when routed' } })
  await world.start()
  const started = await applyUpTo(world, 'v1.1.0', 'health_routed_skills')
  world.stack.engine.hangs = true
  await world.until('the failure', () => world.daemon.events.some(({ kind }) => kind === 'step_failed'))
  const failedAt = world.time.now
  await world.until('the way back', () => world.stack.publicEntryPoints.every((name) => world.stack.traefik.at(name)?.active === 'blue'))
  expect(world.time.now - failedAt).toBeLessThan(1_000)
  expect(await world.run(started.outcome)).toMatchObject({ status: 'failed', paused: true })
  await world.run(started.finished)
  world.stack.engine.hangs = false
  await settle(world)
})
