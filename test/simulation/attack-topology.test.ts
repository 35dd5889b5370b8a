import { expect, test } from 'vitest'
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
