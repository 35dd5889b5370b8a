import { describe, expect, test } from 'vitest'
import type { UpdaterRecord } from '../../src/rollout/model.ts'
import { settle } from './at-rest.ts'
import { apply } from './operator.ts'
import { once } from './world/effects.ts'
import { restoreRecord } from './world/state-directory.ts'
import { watchInterval, World } from './world/world.ts'

/** v1.1.0 serves on green; the record on the disk is a copy from the middle of its rollout, a few writes older than the routes. */
async function withACopyRestored(): Promise<World> {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  let copy: UpdaterRecord | null = null
  world.stack.effects.interference = async (_effect, run) => {
    const answer = await run()
    const { record } = world.stack
    if (record?.operation?.step === 'docker_build') copy = record
    return answer
  }
  await apply(world, 'v1.1.0')
  await settle(world)
  world.daemon.life.end()
  if (copy === null) throw new Error('nothing was built')
  world.disturbed = true
  restoreRecord(world.stack.disk, copy)
  return world
}

describe('fault 17: an older copy of the record is not believed', () => {
  test.each(['fails', 'takes effect but fails', 'crash before', 'crash after'] as const)('when its first write %s: nothing is undone, rollouts are held', async (fault) => {
    const world = await withACopyRestored()
    const running = world.stack.engine.instances.filter(({ state }) => state === 'running').map(({ id }) => id)
    const first = world.stack.effects.done.length
    world.stack.effects.interference = once(fault, ({ name, index }) => name === 'store.write' && index >= first)
    await world.start()
    if (world.daemon.life.dead) await world.start()
    await world.pass(watchInterval + 1_000)
    world.disturbed = false
    await settle(world)
    expect(world.updater.status()).toMatchObject({ activeColor: 'green', active: { tag: 'v1.1.0' }, paused: true })
    expect(world.stack.engine.instances.filter(({ state }) => state === 'running').map(({ id }) => id)).toEqual(running)
  })

  test('by a daemon that is killed at its start again and again: no number of starts makes it newer', async () => {
    const world = await withACopyRestored()
    for (let start = 0; start < 20; start += 1) {
      const first = world.stack.effects.done.length
      world.stack.effects.interference = once('crash after', ({ name, index }) => name.startsWith('runtime.') && index >= first)
      await world.start()
    }
    world.stack.effects.interference = (_effect, run) => run()
    if (world.daemon.life.dead) await world.start()
    world.disturbed = false
    await settle(world)
    expect(world.updater.status()).toMatchObject({ activeColor: 'green', active: { tag: 'v1.1.0' }, paused: true })
  })
})
