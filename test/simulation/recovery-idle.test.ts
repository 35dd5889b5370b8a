import { describe, expect, test } from 'vitest'
import type { Color } from '../../src/rollout/topology.ts'
import { settle } from './at-rest.ts'
import { apply, ask, rollback } from './operator.ts'
import { sicken } from './outside.ts'
import { commitOf, releaseOf } from './world/releases.ts'
import { plainText, textOf } from './world/routes-text.ts'
import { places } from './world/state-directory.ts'
import { usual } from './world/topologies.ts'
import { watchInterval, World, type WorldOptions } from './world/world.ts'

/** v1.1.0 serves on green; v1.0.0 lies stopped on blue. */
async function afterARollout(policy: WorldOptions['policy'] = {}): Promise<World> {
  const world = new World({ releases: { 'v1.1.0': 'good', 'v1.2.0': 'good' }, policy })
  await world.start()
  await apply(world, 'v1.1.0')
  await settle(world)
  return world
}

function edited(world: World, changes: { readonly active?: Color; readonly generation?: string; readonly sequence?: number }): string {
  const read = world.stack.traefik.says
  const active = read?.active ?? null
  if (read === null || active === null) throw new Error('there are no routes')
  return textOf({ active, generation: read.generation ?? 'none', sequence: read.sequence ?? 0, topology: usual, ...changes })
}

function launch(world: World, color: Color): void {
  for (const instance of world.stack.instancesOf(color)) if (instance !== undefined) world.stack.engine.launch(instance)
}

async function halt(world: World, service: string): Promise<void> {
  const [instance] = world.stack.engine.of(service)
  if (instance === undefined) throw new Error(`there is no ${service}`)
  await world.drive(world.stack.engine.end(instance))
}

describe('R2: idle, the engine does not answer', () => {
  test('nothing is done or held; an apply is refused; all is well when it is back', async () => {
    const world = await afterARollout()
    world.stack.engine.fault = 'connect ENOENT'
    const before = world.stack.effects.done.length
    await world.pass(3 * watchInterval)
    expect(world.stack.effects.done.length).toBe(before)
    expect(world.updater.status()).toMatchObject({ paused: false, findings: [expect.stringContaining('connect ENOENT')] })
    expect(await apply(world, 'v1.2.0')).toMatchObject({ status: 'failed', error: expect.stringContaining('connect ENOENT') })
    world.stack.engine.fault = null
    await settle(world)
    expect((await apply(world, 'v1.2.0')).status).toBe('success')
  })
})

test('an active color that runs but is ill is told as a finding, and left alone', async () => {
  const world = await afterARollout()
  world.disturbed = true
  sicken(world, 'green')
  const before = world.stack.effects.done.length
  await world.pass(2 * watchInterval)
  expect(world.updater.status().findings).toEqual([expect.stringContaining('v1.1.0 on green serves, but does not answer as healthy')])
  expect(world.stack.effects.done.length).toBe(before)
  sicken(world, 'green', false)
  await world.pass(2 * watchInterval)
  expect(world.updater.status().findings).toEqual([])
})

test('fault 39: polling that sees the running release\'s tag moved holds rollouts, and goes on holding them', async () => {
  const world = await afterARollout()
  const moved = [{ tag: 'v1.1.0', commit: 'f'.repeat(40) }]
  expect(await world.drive(world.updater.inspectTags([{ tag: 'v1.1.0', commit: commitOf('v1.1.0') }]))).toMatchObject({ kind: 'value', value: null })
  expect(world.updater.status().paused).toBe(false)
  expect(await world.drive(world.updater.inspectTags(moved))).toMatchObject({ kind: 'value', value: expect.stringContaining('The tag v1.1.0 of the running release') })
  expect(world.updater.status()).toMatchObject({ paused: true, pauseReason: expect.stringContaining('now names ffff') })
  await world.unpause()
  await world.drive(world.updater.inspectTags(moved))
  expect(world.updater.status().paused).toBe(true)
})

describe('R5: idle, more than one bot', () => {
  test('the one of the active release stays', async () => {
    const world = await afterARollout()
    world.disturbed = true
    const image = world.stack.images.get('bot', commitOf('v1.0.0'))
    if (image === undefined) throw new Error('there is no image')
    world.stack.engine.launch(world.stack.engine.create('bot', image, true))
    await world.pass(watchInterval + 1_000)
    world.disturbed = false
    await settle(world)
    expect(world.stack.engine.of('bot')).toMatchObject([{ image: { commit: commitOf('v1.1.0') } }])
    expect(world.updater.status().paused).toBe(false)
  })
})

describe('R13: idle, our color in another text', () => {
  test.each([
    ['our stamp changed', (world: World) => edited(world, { generation: 'by-hand' })],
    ['the plain form', () => plainText('green', usual)],
  ])('%s: the file is written again, nothing is held', async (_name, text) => {
    const world = await afterARollout()
    world.stack.traefik.replaced(text(world))
    await world.pass(watchInterval)
    await settle(world)
    expect(world.updater.status()).toMatchObject({ activeColor: 'green', paused: false })
  })
})

describe('R14: idle, the other color routed and healthy', () => {
  test('is respected: it is what serves now, rollouts are held, and the color that was left ends after its grace', async () => {
    const world = await afterARollout()
    world.disturbed = true
    launch(world, 'blue')
    await world.pass(1_000)
    world.stack.traefik.replaced(edited(world, { active: 'blue' }))
    await world.pass(watchInterval + 1_000)
    expect(world.updater.status()).toMatchObject({ activeColor: 'blue', active: { tag: 'v1.0.0' }, paused: true, pauseReason: expect.stringContaining('routed the traffic to blue') })
    expect(world.stack.instancesOf('green').map((instance) => instance?.state)).toEqual(['running', 'running'])
    await world.pass(world.settings.policy.standbyGrace + 2 * watchInterval)
    expect(world.stack.instancesOf('green').map((instance) => instance?.state)).toEqual(['exited', 'exited'])
    expect(await world.unpause()).toMatchObject({ kind: 'value' })
  })

  test('of a release that nobody knows: it is taken over as what was found running', async () => {
    const world = await afterARollout()
    world.disturbed = true
    for (const service of ['skills-blue', 'api-blue']) {
      const [old] = world.stack.engine.of(service)
      if (old !== undefined) world.stack.engine.discard(old)
      world.stack.engine.launch(world.stack.engine.create(service, world.stack.makeImage(releaseOf('v0.5.0'), 'good'), false))
    }
    await world.pass(1_000)
    world.stack.traefik.replaced(edited(world, { active: 'blue' }))
    await world.pass(watchInterval + 1_000)
    expect(world.updater.status()).toMatchObject({ activeColor: 'blue', paused: true, active: { commit: expect.stringMatching(/^adopted-/) } })
  })

  test('a pause that is asked for in the same moment is not lost', async () => {
    const world = await afterARollout()
    world.disturbed = true
    launch(world, 'blue')
    await world.pass(1_000)
    world.stack.traefik.replaced(edited(world, { active: 'blue', sequence: 9_999 }))
    await world.until('the adoption', () => world.stack.effects.done.filter(({ name }) => name === 'runtime.adopt').length === 2)
    await world.run(world.updater.pause('the fair is on', 'ann'))
    await world.pass(watchInterval)
    expect(world.updater.status().holds.map(({ reason }) => reason)).toEqual(['the fair is on', expect.stringContaining('older copy')])
  })

  test('found by an apply that was just asked for: it holds, and the apply is refused', async () => {
    const world = await afterARollout()
    world.disturbed = true
    launch(world, 'blue')
    await world.pass(1_000)
    world.stack.traefik.replaced(edited(world, { active: 'blue' }))
    const started = await world.run(ask(world, 'v1.2.0'))
    expect(await world.drive(started.outcome)).toMatchObject({ kind: 'error', error: { code: 'paused' } })
    expect(world.updater.status()).toMatchObject({ activeColor: 'blue', paused: true })
  })

  test('found by a rollback that was just asked for: the color that was left is drained before its containers go', async () => {
    const world = await afterARollout()
    await apply(world, 'v1.2.0')
    await settle(world)
    world.disturbed = true
    launch(world, 'green')
    await world.pass(1_000)
    world.stack.traefik.replaced(edited(world, { active: 'green' }))
    expect((await rollback(world, commitOf('v1.0.0'))).status).toBe('success')
  })
})

describe('R15: idle, routes that do not serve', () => {
  test.each([
    ['missing', () => null],
    ['unreadable', () => 'http: {'],
    ['of a color that is stopped', (world: World) => edited(world, { active: 'blue' })],
  ])('%s: ours are restored, a copy is kept for the operator, rollouts are held', async (name, text) => {
    const world = await afterARollout()
    world.disturbed = true
    const broken = text(world)
    world.stack.traefik.replaced(broken)
    await world.pass(watchInterval + 1_000)
    world.disturbed = false
    await settle(world)
    expect(world.updater.status()).toMatchObject({ activeColor: 'green', active: { tag: 'v1.1.0' }, paused: true })
    const copy = world.stack.disk.read(`${places.staging}/kept-1.yml`)
    expect(copy === null ? null : new TextDecoder().decode(copy)).toBe(broken)
    if (name !== 'missing') expect(world.updater.status().pauseReason).toContain('kept-1')
  })

  test('missing, and the active color is stopped: it is started first', async () => {
    const world = await afterARollout()
    world.disturbed = true
    world.stack.traefik.replaced(null)
    await halt(world, 'skills-green')
    await world.pass(2 * watchInterval)
    world.disturbed = false
    await settle(world)
    expect(world.updater.status()).toMatchObject({ activeColor: 'green', paused: true })
  })
})

describe('R17: idle, the standby runs', () => {
  test('as after an operator\'s `up -d`: it is left for a minute, then stopped', async () => {
    const world = await afterARollout()
    launch(world, 'blue')
    await world.pass(55_000)
    expect(world.stack.instancesOf('blue').map((instance) => instance?.state)).toEqual(['running', 'running'])
    await world.pass(30_000)
    expect(world.stack.instancesOf('blue').map((instance) => instance?.state)).toEqual(['exited', 'exited'])
    await settle(world)
    expect(world.updater.status().paused).toBe(false)
  })

  test('it is stopped as soon as its grace is over, also between two looks', async () => {
    const grace = 3.5 * watchInterval
    const world = await afterARollout({ standbyGrace: grace })
    launch(world, 'blue')
    await world.until('a look', () => world.updater.status().findings.length > 0)
    await world.pass(grace - 1_000)
    expect(world.stack.instancesOf('blue').map((instance) => instance?.state)).toEqual(['running', 'running'])
    await world.pass(3_000 + world.settings.limits.drain)
    expect(world.stack.instancesOf('blue').map((instance) => instance?.state)).toEqual(['exited', 'exited'])
    await settle(world)
  })

  test('while Traefik does not follow our routes it is not stopped', async () => {
    const world = await afterARollout()
    launch(world, 'blue')
    await world.pass(1_000)
    world.disturbed = true
    const ours = world.stack.traefik.file
    world.stack.traefik.replaced(edited(world, { active: 'blue', generation: 'by-hand' }))
    await world.pass(200)
    world.stack.traefik.follows = false
    world.stack.traefik.replaced(ours)
    await world.pass(5 * 60_000)
    expect(world.stack.instancesOf('blue').map((instance) => instance?.state)).toEqual(['running', 'running'])
    world.stack.traefik.follows = true
    await world.pass(3 * 60_000)
    world.disturbed = false
    await settle(world)
  })

  test('does not stand in the way of an apply', async () => {
    const world = await afterARollout()
    launch(world, 'blue')
    expect((await apply(world, 'v1.2.0')).status).toBe('success')
    await settle(world)
  })
})
