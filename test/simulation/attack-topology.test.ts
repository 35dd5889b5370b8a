import { expect, test } from 'vitest'
import { apply, ask } from './operator.ts'
import { watchInterval, World } from './world/world.ts'
import { usual } from './world/topologies.ts'
import type { Topology } from '../../src/rollout/topology.ts'

test('a service that was renamed in the settings is not routed before it is there', async () => {
  const world = new World()
  await world.start()
  await world.pass(watchInterval)
  const before = world.stack.traefik.file
  const [skills, ...others] = usual.groups
  if (skills === undefined) throw new Error('there is no group')
  const renamed: Topology = { ...usual, groups: [{ ...skills, services: { blue: 'search-blue', green: 'search-green' } }, ...others] }
  world.daemon.life.end()
  world.settings = { ...world.settings, topology: renamed }
  await world.start()
  await world.pass(3 * watchInterval)
  expect(world.stack.traefik.file).toBe(before)
  expect(world.updater.status().findings).toEqual([expect.stringContaining('search-blue')])
})

test('after a rename nothing is rolled out while services of the old name still run: a renamed bot would run twice', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good', 'v1.2.0': 'good' } })
  await world.start()
  await apply(world, 'v1.1.0')
  await world.pass(watchInterval)
  world.daemon.life.end()
  world.settings = { ...world.settings, topology: { ...usual, singletons: [{ name: 'bot', service: 'assistant' }] } }
  await world.start()
  const started = await world.run(ask(world, 'v1.2.0'))
  expect(await world.drive(started.outcome)).toMatchObject({ kind: 'error', error: { code: 'inconsistent', message: expect.stringContaining('docker compose rm --stop --force bot') } })
  expect(await world.drive(started.begun)).toMatchObject({ kind: 'error' })
  expect(world.stack.engine.of('bot')).toMatchObject([{ state: 'running' }])
})
