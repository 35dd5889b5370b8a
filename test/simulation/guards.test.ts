import { expect, test } from 'vitest'
import { settle } from './at-rest.ts'
import { apply, ask, applyUpTo, rollback } from './operator.ts'
import { commitOf } from './world/releases.ts'
import { World } from './world/world.ts'

test('applying the release that runs is an immediate success without steps, and changes nothing', async () => {
  const world = new World()
  await world.start()
  const before = world.stack.effects.done.length
  expect(await apply(world, 'v1.0.0')).toMatchObject({ status: 'success', stepsCompleted: [], activeColor: 'blue', newSha: commitOf('v1.0.0'), error: null })
  expect(world.stack.effects.done.length).toBe(before)
})

test('an unknown tag is refused and changes nothing', async () => {
  const world = new World()
  await world.start()
  const before = world.stack.effects.done.length
  const { lastResult } = world.updater.status()
  const started = await world.run(ask(world, 'v9.9.9'))
  expect(await world.drive(started.outcome)).toMatchObject({ kind: 'error', error: { code: 'unknown_tag', message: expect.stringContaining('v9.9.9') } })
  await world.run(started.finished)
  expect(world.stack.effects.done.length).toBe(before)
  expect(world.updater.status()).toMatchObject({ state: 'idle', paused: false, lastResult })
  expect(await world.run(world.updater.operation(started.operationId))).toMatchObject({ state: 'refused', error: { code: 'unknown_tag' } })
})

test('a remote that cannot be reached fails the apply, is told, and never pauses', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  world.stack.git.remoteFault = 'the remote does not answer'
  for (let attempt = 0; attempt < 5; attempt += 1) {
    expect(await apply(world, 'v1.1.0')).toMatchObject({
      status: 'failed', error: 'the remote does not answer', paused: false, stepsCompleted: [], activeColor: 'blue', newSha: null,
    })
  }
  expect(world.updater.status()).toMatchObject({ paused: false, quarantine: [], lastAttemptedTag: 'v1.1.0', lastResult: { status: 'failed' } })
  expect(await world.run(world.updater.history())).toHaveLength(5)
  world.stack.git.remoteFault = null
  expect((await apply(world, 'v1.1.0')).status).toBe('success')
  await settle(world)
})

test('a remote that goes away between two questions fails the apply and never pauses', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  const started = await applyUpTo(world, 'v1.1.0', 'git_fetch_tags')
  world.stack.git.remoteFault = 'the remote does not answer'
  expect(await world.run(started.outcome)).toMatchObject({ status: 'failed', paused: false, error: 'the remote does not answer' })
  await world.run(started.finished)
  await settle(world)
  expect(world.updater.status()).toMatchObject({ paused: false, quarantine: [] })
})

test('a tag that names another commit than before is refused; nothing is paused while it is not the running one', async () => {
  const world = new World({ releases: { 'v1.1.0': 'does not build' }, policy: { pauseOnFailure: false } })
  await world.start()
  await apply(world, 'v1.1.0')
  world.stack.git.remoteTags.set('v1.1.0', 'e'.repeat(40))
  expect(await apply(world, 'v1.1.0')).toMatchObject({ status: 'failed', paused: false, error: expect.stringContaining('v1.1.0 named') })
  await settle(world)
})

test('the running release\'s tag that moved pauses', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  await apply(world, 'v1.1.0')
  world.stack.git.remoteTags.set('v1.1.0', 'e'.repeat(40))
  expect(await apply(world, 'v1.1.0')).toMatchObject({ status: 'failed', paused: true, pauseReason: expect.stringContaining('v1.1.0 named') })
  await settle(world)
  expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.1.0' }, paused: true })
})

test('while an operation runs, apply, rollback and unpause are refused as already in progress', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good', 'v1.2.0': 'good' } })
  await world.start()
  const started = await applyUpTo(world, 'v1.1.0', 'docker_build')
  const refused = { kind: 'error', error: { code: 'in_progress', message: expect.stringContaining('already in progress') } }
  expect(await world.drive(ask(world, 'v1.2.0'))).toMatchObject(refused)
  expect(await world.drive(world.updater.rollback({ previousSha: commitOf('v1.0.0'), origin: 'api' }))).toMatchObject(refused)
  expect(await world.drive(world.updater.unpause('operator'))).toMatchObject(refused)
  await world.run(started.outcome)
  // The old color is still being retired.
  expect(await world.drive(ask(world, 'v1.2.0'))).toMatchObject(refused)
  expect(await world.drive(world.updater.unpause('operator'))).toMatchObject(refused)
  await world.run(started.finished)
  expect((await apply(world, 'v1.2.0')).status).toBe('success')
})

test('of many that ask at once one is taken on', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  const asked = await Promise.allSettled([1, 2, 3, 4, 5].map(() => ask(world, 'v1.1.0')))
  expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  const [first] = asked
  if (first?.status !== 'fulfilled') throw new Error('the first one should have been taken on')
  expect((await world.run(first.value.outcome)).status).toBe('success')
})

test('while paused an apply is refused with the reason, a rollback is not', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good', 'v1.2.0': 'good' } })
  await world.start()
  await apply(world, 'v1.1.0')
  await world.run(world.updater.pause('the fair is on', 'ann'))
  expect(world.updater.status()).toMatchObject({ paused: true, pauseReason: 'the fair is on' })
  expect(await world.drive(ask(world, 'v1.2.0'))).toMatchObject({ kind: 'error', error: { code: 'paused', message: expect.stringMatching(/paused.*the fair is on/) } })
  expect(await rollback(world, commitOf('v1.0.0'))).toMatchObject({ status: 'success', paused: true, activeColor: 'blue' })
  await settle(world)
  expect(world.updater.status()).toMatchObject({ paused: true, pauseReason: 'the fair is on' })
})

test('local changes that collide with the release are found before anything is started', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  world.stack.git.edit('docker-compose.yml', 'mine')
  const result = await apply(world, 'v1.1.0')
  expect(result).toMatchObject({ status: 'failed', error: expect.stringContaining('docker-compose.yml') })
  expect(result.stepsCompleted).not.toContain('docker_build')
  expect(world.updater.status().quarantine).toEqual([])
  await settle(world)
})

test('local changes that come up during the rollout are a warning: the release serves well', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  const started = await applyUpTo(world, 'v1.1.0', 'restart_bot')
  world.stack.git.edit('docker-compose.yml', 'mine')
  await world.run(started.finished)
  const [entry] = await world.run(world.updater.history())
  expect(entry?.result).toMatchObject({ status: 'success', warnings: [expect.stringContaining('docker-compose.yml')] })
  await settle(world)
})

test('too little free space is found before anything is started', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good', 'v1.2.0': 'good' } })
  await world.start()
  await apply(world, 'v1.1.0')
  world.stack.freeBytes = 1_000
  expect(await apply(world, 'v1.2.0')).toMatchObject({ status: 'failed', error: expect.stringContaining('1000 are free'), paused: false })
  await settle(world)
})

test('a running release whose bot image is gone cannot be left: nothing is stopped', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  world.stack.images.ofRelease.delete(`bot@${commitOf('v1.0.0')}`)
  const [bot] = world.stack.engine.of('bot')
  expect(await apply(world, 'v1.1.0')).toMatchObject({ status: 'failed', error: expect.stringContaining('images of bot of the running release') })
  expect(world.stack.engine.of('bot')).toEqual([bot])
})

test('a daemon that lost its lock changes nothing any more and ends', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  const started = await applyUpTo(world, 'v1.1.0', 'docker_build')
  world.hasAuthority = false
  await world.until('the build', () => world.stack.images.ofRelease.has(`bot@${commitOf('v1.1.0')}`))
  const before = world.stack.effects.done.length
  await world.drive(started.finished)
  expect(world.daemon.life.dead).toBe(true)
  await world.pass(120_000)
  const touched = world.stack.effects.done.slice(before).filter(({ name }) => name.startsWith('runtime.') || name.startsWith('router.'))
  expect(touched.map(({ name }) => name)).toEqual([])
})
