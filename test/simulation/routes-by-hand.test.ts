import { expect, test } from 'vitest'
import { settle } from './at-rest.ts'
import { applyUpTo } from './operator.ts'
import { routeByHand, states } from './outside.ts'
import { commitOf } from './world/releases.ts'
import { plainText } from './world/routes-text.ts'
import { usual } from './world/topologies.ts'
import { World } from './world/world.ts'

test('fault 34: the old color, routed by hand while it is drained, is not stopped: the committed release is routed again first', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  const started = await applyUpTo(world, 'v1.1.0', 'drain')
  await world.pass(3_000)
  routeByHand(world, 'blue')
  await world.run(started.finished)
  await settle(world)
  expect(world.updater.status()).toMatchObject({ active: { commit: commitOf('v1.1.0') }, activeColor: 'green', paused: true })
})

test('fault 34: the new color, routed by hand while the undo drains it, is not stopped: the old routes are written again first', async () => {
  const world = new World({ releases: { 'v1.1.0': 'broken when routed' } })
  await world.start()
  const started = await applyUpTo(world, 'v1.1.0', 'health_routed_skills')
  await world.until('the way back', () => world.daemon.events.some(({ kind }) => kind === 'undo_started') && world.stack.routed === 'blue')
  await world.pass(3_000)
  routeByHand(world, 'green')
  await world.run(started.finished)
  await settle(world)
  expect(world.updater.status()).toMatchObject({ active: { commit: commitOf('v1.0.0') }, activeColor: 'blue', paused: true })
})

test('fault 34: the new color, routed by hand while the undo takes it away, is taken away all the same, and the old routes are written again', async () => {
  const world = new World({ releases: { 'v1.1.0': 'broken when routed' } })
  await world.start()
  const started = await applyUpTo(world, 'v1.1.0', 'health_routed_skills')
  await world.until('the new color being stopped', () => states(world, 'green').includes('exited'))
  world.disturbed = true
  routeByHand(world, 'green')
  await world.run(started.finished)
  await world.pass(60_000)
  world.disturbed = false
  await settle(world)
  expect(world.updater.status()).toMatchObject({ active: { commit: commitOf('v1.0.0') }, activeColor: 'blue', paused: true })
  expect(world.stack.publicEntryPoints.map((name) => world.stack.traefik.at(name)?.active)).toEqual(['blue', 'blue'])
})

test('fault 34: routes that were edited to and fro by hand while the standby was checked prove nothing: it is stopped when Traefik is seen to have left it', async () => {
  const world = new World({ releases: { 'v1.1.0': 'broken through Traefik' } })
  await world.start()
  const started = await applyUpTo(world, 'v1.1.0', 'health_preview_skills')
  world.disturbed = true
  world.stack.traefik.replaced(plainText('green', usual))
  await world.pass(500)
  world.stack.traefik.follows = false
  world.stack.traefik.replaced(plainText('blue', usual))
  expect(await world.run(started.outcome)).toMatchObject({ status: 'failed', paused: true })
  await world.run(started.finished)
  await world.pass(60_000)
  expect(states(world, 'green')).toEqual(['running', 'running'])
  world.stack.traefik.follows = true
  await world.pass(60_000)
  world.disturbed = false
  await settle(world)
  expect(world.updater.status()).toMatchObject({ active: { commit: commitOf('v1.0.0') }, activeColor: 'blue' })
})
