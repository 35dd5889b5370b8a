import { expect, test } from 'vitest'
import { settle } from './at-rest.ts'
import { apply, applyUpTo } from './operator.ts'
import { World } from './world/world.ts'

const day = 24 * 60 * 60_000

test.each([['ahead', day], ['back', -day]])('fault 20: a clock that is set a day %s in the middle of a rollout changes neither a limit nor the outcome', async (_direction, by) => {
  const world = new World({ releases: { 'v1.1.0': 'good', 'v1.2.0': 'never healthy' } })
  await world.start()
  const { clock } = world.daemon.life
  const rightTime = clock.now.bind(clock)
  const started = await applyUpTo(world, 'v1.1.0', 'docker_build')
  clock.now = () => rightTime() + by
  const result = await world.run(started.outcome)
  expect(result).toMatchObject({ status: 'success' })
  expect(result.durationSeconds).toBeGreaterThanOrEqual(0)
  await world.run(started.finished)
  await settle(world)

  const begun = world.time.now
  expect(await apply(world, 'v1.2.0')).toMatchObject({ status: 'failed', error: expect.stringContaining('limits.directHealth') })
  expect(world.time.now - begun).toBeLessThan(world.settings.limits.directHealth + 60_000)
  await settle(world)
})
