import { expect, test } from 'vitest'
import { settle } from './at-rest.ts'
import { applyUpTo, ask } from './operator.ts'
import { watchInterval, World } from './world/world.ts'

async function ready(): Promise<World> {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  await settle(world)
  return world
}

test('a pause whose write is slow stops the apply that came in the meantime', async () => {
  const world = await ready()
  world.stack.effects.interference = async (effect, run, { time }) => {
    if (effect.name === 'store.write') await time.pause(1_000)
    return run()
  }
  const pausing = world.updater.pause('the fair is on', 'ann')
  const started = await world.run(ask(world, 'v1.1.0'))
  await world.run(pausing)
  expect(await world.drive(started.outcome)).toMatchObject({ kind: 'error', error: { code: 'paused' } })
  await world.run(started.finished)
  expect(world.updater.status()).toMatchObject({ state: 'idle', paused: true, active: { tag: 'v1.0.0' } })
  await settle(world)
})

test('a pause that comes while an earlier unpause is being carried out stays', async () => {
  const world = await ready()
  await world.run(world.updater.pause('the fair is on', 'ann'))
  world.stack.effects.interference = async (effect, run, { time }) => {
    if (effect.name === 'store.write') await time.pause(1_000)
    return run()
  }
  const unpausing = world.unpause()
  await world.run(world.updater.pause('the second fair is on', 'bob'))
  expect(await unpausing).toMatchObject({ kind: 'value' })
  expect(world.updater.status()).toMatchObject({ paused: true, pauseReason: 'the second fair is on' })
})

test('a daemon that leaves because of an error nobody foresaw counts as interrupted, so that a crash loop ends', async () => {
  const world = await ready()
  await applyUpTo(world, 'v1.1.0', 'docker_build')
  await world.run(world.updater.stop({ clean: false }))
  world.daemon.life.end()
  expect(world.stack.record?.operation).toMatchObject({ stoppedCleanly: false })
  await world.start()
  await settle(world)
  expect(world.stack.record?.failuresInARow).toBe(1)
})

test('SIGTERM while an undo waits for Traefik begins no restart of the bot', async () => {
  const world = new World({ releases: { 'v1.1.0': 'bot dies' } })
  await world.start()
  await applyUpTo(world, 'v1.1.0', 'health_bot')
  await world.until('the undo', () => world.daemon.events.some(({ kind }) => kind === 'undo_started'))
  await world.until('the way back', () => world.stack.routed === 'blue')
  const before = world.stack.effects.done.length
  await world.run(world.updater.stop())
  world.daemon.life.end()
  expect(world.stack.effects.done.slice(before).filter(({ name }) => name.startsWith('runtime.'))).toEqual([])
  await world.start()
  await settle(world)
  expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.0.0' } })
})

test('a pause that comes while a committed rollout is being finished is told at once', async () => {
  const world = await ready()
  const started = await applyUpTo(world, 'v1.1.0', 'drain')
  const pausing = world.updater.pause('the fair is on', 'ann')
  await world.until('the hold', () => world.updater.status().paused)
  expect(world.updater.status()).toMatchObject({ state: 'updating', paused: true, pauseReason: 'the fair is on' })
  await world.run(pausing)
  await world.run(started.finished)
  expect(world.updater.status().holds).toHaveLength(1)
  expect(await world.unpause()).toMatchObject({ kind: 'value' })
  expect(world.updater.status()).toMatchObject({ paused: false })
})

test.each([['bot', 'bot'], ['an active service', 'skills-blue']])('an operator\'s compose that is recreating %s is left to finish', async (_what, service) => {
  const world = await ready()
  const { engine } = world.stack
  const [old] = engine.of(service)
  if (old === undefined) throw new Error(`there is no ${service}`)
  world.disturbed = true
  const next = engine.create(service, old.image, old.singleton)
  await world.drive(engine.end(old))
  const before = world.stack.effects.done.length
  await world.pass(1.5 * watchInterval)
  expect(world.stack.effects.done.slice(before).filter(({ name }) => name.startsWith('runtime.'))).toEqual([])
  engine.discard(old)
  engine.launch(next)
  await world.pass(1_000)
  world.disturbed = false
  await settle(world)
  expect(engine.of(service)).toMatchObject([{ id: next.id, state: 'running' }])
})

test('what a compose that died has left behind is tidied up in the end', async () => {
  const world = await ready()
  const { engine } = world.stack
  const [old] = engine.of('bot')
  if (old === undefined) throw new Error('there is no bot')
  world.disturbed = true
  engine.create('bot', old.image, true)
  await world.drive(engine.end(old))
  await world.pass(90_000)
  world.disturbed = false
  await settle(world)
  expect(engine.of('bot')).toMatchObject([{ state: 'running' }])
})
