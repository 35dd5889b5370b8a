import { expect, test } from 'vitest'
import { settle } from './at-rest.ts'
import { applyUpTo } from './operator.ts'
import { commitOf } from './world/releases.ts'
import { World } from './world/world.ts'

test('fault 28: the name of the old bot\'s image is removed while the new one starts: what was kept brings the old bot back', async () => {
  const world = new World({ releases: { 'v1.1.0': 'bot dies' } })
  await world.start()
  await settle(world)
  const started = await applyUpTo(world, 'v1.1.0', 'health_bot')
  world.stack.images.untag('bot', commitOf('v1.0.0'))
  expect(await world.run(started.outcome)).toMatchObject({ status: 'rolled_back' })
  await world.run(started.finished)
  await settle(world)
})

test('what an operator puts in the place of a color that was checked is not committed', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  await settle(world)
  const { engine } = world.stack
  world.stack.effects.interference = async (effect, run) => {
    const answer = await run()
    if (effect.name !== 'runtime.up' || effect.services?.includes('bot') !== true) return answer
    // A build of the operator's tree, not of the release.
    const [old] = engine.of('skills-green')
    if (old === undefined) throw new Error('there is no standby')
    engine.discard(old)
    const stranger = engine.create('skills-green', { ...old.image, id: 'stranger', commit: null, version: null }, false)
    world.disturbed = true
    engine.launch(stranger)
    return answer
  }
  const started = await applyUpTo(world, 'v1.1.0', 'health_bot')
  expect(await world.run(started.outcome)).toMatchObject({ status: 'rolled_back', error: expect.stringContaining('skills-green was replaced by somebody') })
  await world.run(started.finished)
  world.disturbed = false
  await settle(world)
})

test('an image that somebody put in the place of the active one is told', async () => {
  const world = new World()
  await world.start()
  await settle(world)
  const [skills] = world.stack.engine.of('skills-blue')
  if (skills === undefined) throw new Error('there is no active color')
  world.disturbed = true
  world.stack.engine.discard(skills)
  world.stack.engine.launch(world.stack.engine.create('skills-blue', { ...skills.image, id: 'stranger', commit: null, version: null }, false))
  await world.pass(30_000)
  expect(world.updater.status().findings).toEqual([expect.stringContaining('skills-blue does not run v1.0.0')])
})
