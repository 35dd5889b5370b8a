import { expect, test } from 'vitest'
import { UpdaterError } from '../../src/rollout/errors.ts'
import { settle } from './at-rest.ts'
import { apply } from './operator.ts'
import { places } from './world/state-directory.ts'
import { World } from './world/world.ts'

/** I9: what others say, and how often, does not decide how large record and history become. */

const sizeOf = (world: World, path: string): number => world.stack.disk.read(path)?.length ?? 0

test('fault 27: a build that fails with megabytes of output leaves lines of it that somebody can read', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  const logs = Array.from({ length: 500 }, (_, line) => `line ${line} ${'x'.repeat(32_768)}`)
  world.stack.effects.interference = (effect, run) =>
    effect.name === 'runtime.build'
      ? Promise.reject(new UpdaterError('build_failed', `The image of skills could not be built: ${'y'.repeat(1_000_000)}`, { details: { logs } }))
      : run()
  const { error } = await apply(world, 'v1.1.0')
  expect(error).toMatch(/^The image of skills could not be built: y+…\n/)
  expect(error?.split('\n').slice(1).map((line) => line.slice(0, 8))).toEqual(logs.slice(-50).map((line) => line.slice(0, 8)))
  expect(sizeOf(world, places.record)).toBeLessThan(150_000)
  expect(sizeOf(world, places.history)).toBeLessThan(60_000)
  world.stack.effects.interference = (_effect, run) => run()
  await settle(world)
})

test('somebody who pauses again and again for other reasons is told of the first ones and of each other cause, and unpauses once', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  await apply(world, 'v1.1.0')
  await world.run(world.updater.pause('the fair is on', 'ann'))
  for (let day = 1; day <= 300; day += 1) await world.run(world.updater.pause(`day ${day} ${'x'.repeat(400)}`, 'ann'))
  await world.run(world.updater.inspectTags([{ tag: 'v1.1.0', commit: 'f'.repeat(40) }]))
  const { holds, pauseReason } = world.updater.status()
  expect(pauseReason).toBe('the fair is on')
  expect(holds.map(({ origin }) => origin)).toEqual([...Array.from({ length: 20 }, () => 'operator'), 'tag_moved'])
  expect(sizeOf(world, places.record)).toBeLessThan(50_000)
  expect(await world.unpause()).toMatchObject({ kind: 'value' })
  expect(world.updater.status()).toMatchObject({ paused: false, holds: [] })
})
