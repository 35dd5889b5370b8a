import { setMaxListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { settle } from './at-rest.ts'
import { apply, applyUpTo } from './operator.ts'
import { routeByHand, states } from './outside.ts'
import { dockerStart } from './world/operator-docker.ts'
import { World } from './world/world.ts'

/** v1.1.0 serves on green; v1.0.0 lies stopped on blue. */
async function upgraded(): Promise<World> {
  const world = new World({ releases: { 'v1.1.0': 'good', 'v1.2.0': 'good' } })
  await world.start()
  await apply(world, 'v1.1.0')
  await settle(world)
  return world
}

const reload = (world: World) => world.drive(world.updater.reloadRoutes('ann'))

describe('routes that are written anew to see whether Traefik takes them', () => {
  test('serve the same color under a new generation, on every entry point', async () => {
    const world = await upgraded()
    const before = world.stack.record?.generation
    expect(await reload(world)).toMatchObject({ kind: 'value', value: { check: 'reload', verdict: 'ok', found: expect.stringContaining('took a new version') } })
    expect(world.stack.record?.generation).not.toBe(before)
    expect(world.stack.routed).toBe('green')
    await settle(world)
    expect(world.updater.status()).toMatchObject({ findings: [], paused: false, activeColor: 'green' })
  })

  test('are told to be wrong when Traefik does not follow, and once it does a rollout succeeds', async () => {
    const world = await upgraded()
    world.stack.traefik.follows = false
    expect(await reload(world)).toMatchObject({ kind: 'value', value: { verdict: 'wrong', found: expect.stringContaining('not accepted within'), advice: expect.stringContaining('Traefik') } })
    expect(world.stack.routed).toBe('green')
    world.stack.traefik.follows = true
    await world.pass(60_000)
    expect(await apply(world, 'v1.2.0')).toMatchObject({ status: 'success' })
    await settle(world)
  })

  test('wait for nobody: an operation that is open refuses them', async () => {
    const world = await upgraded()
    const started = await applyUpTo(world, 'v1.2.0', 'docker_build')
    expect(await reload(world)).toMatchObject({ kind: 'error', error: { code: 'in_progress' } })
    await world.run(started.finished)
    await settle(world)
  })

  test('are not written in maintenance mode', async () => {
    const world = await upgraded()
    await world.run(world.updater.enterMaintenance('new disks', 'ann'))
    const before = world.stack.traefik.file
    expect(await reload(world)).toMatchObject({ kind: 'error', error: { code: 'in_maintenance', message: expect.stringContaining('new disks') } })
    expect(world.stack.traefik.file).toBe(before)
  })

  test('are not written while somebody else has routed another color: recovery comes first', async () => {
    const world = await upgraded()
    world.disturbed = true
    for (const service of ['skills-blue', 'api-blue']) await world.run(dockerStart(world.stack, service))
    await world.pass(1_000)
    routeByHand(world, 'blue')
    const before = world.stack.traefik.file
    expect(await reload(world)).toMatchObject({ kind: 'value', value: { verdict: 'not_checked', found: expect.stringContaining('Somebody routed the traffic to blue') } })
    expect(world.stack.traefik.file).toBe(before)
  })
})

describe('a look', () => {
  const looked = async (world: World) => {
    const { signal } = new AbortController()
    setMaxListeners(0, signal) // as the API does it
    const { findings } = await world.run(world.updater.diagnostics(signal))
    return Object.fromEntries(findings.map(({ check, verdict, found }) => [check, { verdict, found }]))
  }

  test('at a stack at rest finds nothing to mend, and changes nothing', async () => {
    const world = await upgraded()
    const effects = world.stack.effects.done.length
    const found = await looked(world)
    expect(Object.values(found).filter(({ verdict }) => verdict !== 'ok')).toEqual([{ verdict: 'not_checked', found: expect.stringContaining('was not tried') }])
    expect(Object.keys(found).sort()).toEqual(['agreement', 'entry_points', 'holds', 'previews', 'record', 'reload', 'remote', 'standby', 'tree', 'updater'])
    expect(world.stack.effects.done).toHaveLength(effects)
  })

  test('in the middle of a rollout leaves to it what is its own', async () => {
    const world = await upgraded()
    const started = await applyUpTo(world, 'v1.2.0', 'health_preview_skills')
    expect(await looked(world)).toMatchObject({ agreement: { verdict: 'not_checked' }, standby: { verdict: 'not_checked' }, entry_points: { verdict: 'ok' } })
    await world.run(started.finished)
  })

  test('at a stack that somebody works on tells what is amiss, and by which row it would be mended', async () => {
    const world = await upgraded()
    await world.run(world.updater.enterMaintenance('new disks', 'ann'))
    world.disturbed = true
    for (const service of ['skills-blue', 'api-blue']) await world.run(dockerStart(world.stack, service))
    expect(await looked(world)).toMatchObject({
      agreement: { verdict: 'warning', found: expect.stringContaining('(R17)') },
      standby: { verdict: 'warning', found: expect.stringContaining('skills-blue and api-blue of the standby color blue') },
      holds: { verdict: 'warning', found: expect.stringContaining('new disks') },
    })
    expect(states(world, 'blue')).toEqual(['running', 'running'])
  })
})
