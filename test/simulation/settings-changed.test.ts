import { describe, expect, test } from 'vitest'
import { settle } from './at-rest.ts'
import { killIn } from './operator.ts'
import { commitOf } from './world/releases.ts'
import { noSingletons, usual } from './world/topologies.ts'
import { World } from './world/world.ts'

const steps = ['docker_build', 'start_skills-green', 'health_preview_api', 'route_switch', 'health_routed_api', 'restart_bot', 'health_bot', 'drain'] as const
const [skills] = usual.groups
if (skills === undefined) throw new Error('there is no group')

describe('settings that changed between a crash and the next start', () => {
  test.each(steps)('killed in %s, the topology then without the bot: what was open is closed by the topology of its own', async (step) => {
    const world = new World({ releases: { 'v1.1.0': 'good' } })
    await world.start()
    await killIn(world, 'v1.1.0', step)
    world.settings = { ...world.settings, topology: { ...usual, singletons: noSingletons.singletons } }
    await world.start()
    await settle(world)
    expect(world.updater.status().active?.commit).toBe(commitOf(step === 'drain' ? 'v1.1.0' : 'v1.0.0'))
  })

  test.each(steps)('killed in %s, then with other limits and gates: it ends the same', async (step) => {
    const world = new World({ releases: { 'v1.1.0': 'good' } })
    await world.start()
    await killIn(world, 'v1.1.0', step)
    const { limits, gates, policy } = world.settings
    world.settings = {
      ...world.settings,
      limits: { ...limits, drain: limits.drain * 2, routedHealth: 5_000 },
      gates: { ...gates, inARow: 5 },
      policy: { ...policy, keepReleases: 1, pauseOnFailure: false },
    }
    await world.start()
    await settle(world)
    expect(world.updater.status().active?.commit).toBe(commitOf(step === 'drain' ? 'v1.1.0' : 'v1.0.0'))
  })
})
