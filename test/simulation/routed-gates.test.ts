import { describe, expect, test } from 'vitest'
import { settle } from './at-rest.ts'
import { apply, applyUpTo } from './operator.ts'
import { sicken } from './outside.ts'
import type { ReleaseKind } from './world/releases.ts'
import { World } from './world/world.ts'

async function ready(kind: ReleaseKind): Promise<World> {
  const world = new World({ releases: { 'v1.1.0': kind } })
  await world.start()
  await settle(world)
  return world
}

/** Colors that the public entry points led to, each as often as it came into force. */
function following(world: World): string[] {
  const seen: string[] = []
  world.stack.effects.interference = (effect, run) => {
    const color = effect.name === 'router.activate' && effect.generation !== undefined ? world.stack.stagedColor(effect.generation) : null
    if (color !== null) seen.push(color)
    return run()
  }
  return seen
}

describe('fault 29: a release that is healthy directly and broken through Traefik', () => {
  test('is never switched to: the preview finds it out', async () => {
    const world = await ready('broken through Traefik')
    const switched = following(world)
    expect(await apply(world, 'v1.1.0')).toMatchObject({ status: 'failed', error: expect.stringContaining('preview') })
    expect(switched).toEqual([])
    await settle(world)
  })

  test('is undone where there are no previews, or the preview was better than the truth', async () => {
    const world = await ready('broken when routed')
    const switched = following(world)
    expect(await apply(world, 'v1.1.0')).toMatchObject({ status: 'rolled_back', activeColor: 'blue' })
    expect(switched).toEqual(['green', 'blue'])
    await settle(world)
  })
})

test('fault 31: healthy answers of the old color do not pass for the new one: the stamp is missing', async () => {
  const world = await ready('good')
  const started = await applyUpTo(world, 'v1.1.0', 'route_switch')
  world.stack.traefik.follows = false
  const result = world.run(started.outcome)
  await world.until('the refusal', () => world.daemon.events.some(({ kind }) => kind === 'undo_started'))
  world.stack.traefik.follows = true
  expect(await result).toMatchObject({ status: 'rolled_back', error: expect.stringMatching(/through Traefik was not accepted.*without the new generation's stamp/) })
  await world.run(started.finished)
  await settle(world)
})

test('fault 35: the old color is ill when a release has to be undone: what is healthy goes on serving, and rollouts are held', async () => {
  const world = await ready('bot never healthy')
  const started = await applyUpTo(world, 'v1.1.0', 'health_bot')
  world.disturbed = true
  sicken(world, 'blue')
  const result = await world.run(started.outcome)
  expect(result).toMatchObject({ status: 'failed', activeColor: 'green', paused: true, error: expect.stringContaining('goes on serving') })
  await world.run(started.finished)
  expect(world.stack.publicEntryPoints.map((name) => world.stack.traefik.at(name)?.active)).toEqual(['green', 'green'])
})
