import { expect, test } from 'vitest'
import { UpdaterError } from '../../src/rollout/errors.ts'
import { settle } from './at-rest.ts'
import { applyUpTo, ask, killIn } from './operator.ts'
import type { Interference } from './world/effects.ts'
import type { ReleaseKind } from './world/releases.ts'
import { watchInterval, World } from './world/world.ts'

async function ready(kind: ReleaseKind): Promise<World> {
  const world = new World({ releases: { 'v1.1.0': kind } })
  await world.start()
  return world
}

/** No write reaches the state disk any more; renames do. */
const fullDisk: Interference = (effect, run) => (
  effect.name === 'store.write' || effect.name === 'history.append' || effect.name === 'router.stage'
    ? Promise.reject(new UpdaterError('storage_failed', 'ENOSPC: no space left on device'))
    : run()
)

function served(world: World): (string | null | undefined)[] {
  return world.stack.publicEntryPoints.map((name) => world.stack.traefik.at(name)?.active)
}

test('on a full disk a way back that failed once is tried again: the traffic needs no space', async () => {
  const world = await ready('broken when routed')
  const started = await applyUpTo(world, 'v1.1.0', 'health_routed_skills')
  let failures = 2
  world.stack.effects.interference = (effect, run, daemon) => {
    if (effect.name === 'router.activate' && failures > 0) {
      failures -= 1
      return Promise.reject(new UpdaterError('routes_unwritable', 'EIO: input/output error'))
    }
    return fullDisk(effect, run, daemon)
  }
  expect(await world.run(started.outcome)).toMatchObject({ status: 'failed', paused: true })
  await world.run(started.finished)
  expect(served(world)).toEqual(['green', 'green'])
  await world.pass(3 * watchInterval)
  expect(served(world)).toEqual(['blue', 'blue'])
  expect(world.updater.status()).toMatchObject({ paused: true, findings: [expect.stringContaining('ENOSPC')] })

  world.stack.effects.interference = (_effect, run) => run()
  await settle(world)
  expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.0.0' }, paused: true, lastResult: { status: 'rolled_back' } })
})

test('a daemon that starts on a full disk brings the traffic of an open rollout back all the same', async () => {
  const world = await ready('broken when routed')
  await killIn(world, 'v1.1.0', 'health_routed_skills')
  expect(world.stack.routed).toBe('green')
  world.stack.effects.interference = fullDisk
  await world.start()
  await world.pass(watchInterval)
  expect(served(world)).toEqual(['blue', 'blue'])
  expect(world.updater.status()).toMatchObject({ findings: [expect.stringContaining('ENOSPC')] })

  world.stack.effects.interference = (_effect, run) => run()
  await settle(world)
  expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.0.0' }, paused: true })
})

test('on a disk that fills up while the bot is replaced the old bot comes back all the same', async () => {
  const world = await ready('bot dies')
  const started = await applyUpTo(world, 'v1.1.0', 'health_bot')
  world.stack.effects.interference = fullDisk
  await world.run(started.finished)
  await world.pass(watchInterval)
  expect(served(world)).toEqual(['blue', 'blue'])
  expect(world.stack.engine.of('bot')).toMatchObject([{ state: 'running', image: { version: '1.0.0' } }])

  world.stack.effects.interference = (_effect, run) => run()
  await settle(world)
  expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.0.0' }, paused: true, lastResult: { status: 'rolled_back' } })
})

test('an idle daemon that cannot write starts a fallen service all the same, and stops nothing', async () => {
  const world = await ready('good')
  await settle(world)
  world.stack.effects.interference = fullDisk
  await world.run(world.updater.checked('2026-11-21T12:00:00.000Z'))
  const [bot] = world.stack.engine.of('bot')
  if (bot === undefined) throw new Error('there is no bot')
  world.disturbed = true
  await world.drive(world.stack.engine.end(bot))
  await world.pass(2 * watchInterval)
  world.disturbed = false
  expect(world.stack.engine.of('bot')).toMatchObject([{ state: 'running' }])
  expect(world.updater.status().findings).toEqual([expect.stringContaining('ENOSPC')])
})

test.each(['good', 'broken when routed', 'bot dies'] as const)('wherever the disk fills up in a rollout of a release that is %s, also for a daemon killed just then, no rule is broken and it heals', async (kind) => {
  for (let at = 0; ; at += 1) {
    for (const killed of [false, true]) {
      const world = await ready(kind)
      let writes = 0
      world.stack.effects.interference = (effect, run, daemon) => {
        if (effect.name === 'store.write') writes += 1
        return writes > at ? fullDisk(effect, run, daemon) : run()
      }
      const started = await world.run(ask(world, 'v1.1.0'))
      await world.drive(started.finished)
      if (writes <= at) return
      if (killed) await world.restart()
      await world.pass(30_000)
      const committed = world.stack.record?.operation?.phase === 'retiring' || world.stack.record?.active.tag === 'v1.1.0'
      const color = committed ? 'green' : 'blue'
      expect(served(world), `full from write ${at} on, killed: ${killed}`).toEqual([color, color])
      world.stack.effects.interference = (_effect, run) => run()
      await settle(world)
    }
  }
})

test('a disk that is full for a while after the commit is not told as a tree that was left behind', async () => {
  const world = await ready('good')
  await killIn(world, 'v1.1.0', 'drain')
  world.stack.effects.interference = fullDisk
  await world.start()
  await world.pass(watchInterval)
  world.stack.effects.interference = (_effect, run) => run()
  await settle(world)
  expect(world.stack.git.tree).toMatchObject({ commit: world.stack.record?.active.commit })
  expect(world.stack.record?.lastResult?.warnings).not.toContainEqual(expect.stringContaining('project directory'))
})
