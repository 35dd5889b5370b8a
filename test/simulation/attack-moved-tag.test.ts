import { expect, test } from 'vitest'
import { settle } from './at-rest.ts'
import { apply } from './operator.ts'
import { World } from './world/world.ts'

/** Between the look that chose a release and its rollout its tag is moved to a commit in quarantine (I8, fault 39). */
async function movedToQuarantine(): Promise<{ readonly world: World; readonly commit: string }> {
  const world = new World({ releases: { 'v1.1.0': 'bot dies', 'v1.2.0': 'good' } })
  await world.start()
  await apply(world, 'v1.1.0')
  await world.unpause()
  const commit = world.updater.status().quarantine[0]?.commit ?? 'none is quarantined'
  world.stack.git.publish('v1.2.0', commit)
  return { world, commit }
}

test('fault 39: polling does not take on a quarantined commit by a tag that was moved to it meanwhile', async () => {
  const { world, commit } = await movedToQuarantine()
  const before = world.stack.effects.done.length
  const started = await world.run(world.updater.apply({ tag: 'v1.2.0', version: '1.2.0', origin: 'polling' }))
  expect(await world.run(started.outcome)).toMatchObject({ status: 'failed', stepsCompleted: [], error: expect.stringContaining(`${commit} by now, which is quarantined`) })
  expect(world.stack.effects.done.slice(before).filter((effect) => effect.commit === commit)).toEqual([])
  expect(world.updater.status()).toMatchObject({ paused: false, active: { tag: 'v1.0.0' } })
  await settle(world)
})

test('an operator may apply it', async () => {
  const { world, commit } = await movedToQuarantine()
  const started = await world.run(world.updater.apply({ tag: 'v1.2.0', version: '1.2.0', origin: 'api' }))
  expect(await world.run(started.outcome)).toMatchObject({ newSha: commit, status: 'rolled_back' })
})
