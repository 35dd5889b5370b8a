import { expect, test } from 'vitest'
import { applyUpTo, ask } from './operator.ts'
import { World } from './world/world.ts'

test.each(['good', 'bot dies'] as const)('wherever the lock is lost in a rollout of a release that is %s, nothing is asked of engine and git any more, and no routes come into force', async (kind) => {
  for (let at = 0; ; at += 1) {
    const world = new World({ releases: { 'v1.1.0': kind } })
    await world.start()
    const { effects } = world.stack
    const first = effects.done.length
    let lost: number | null = null
    effects.interference = async (effect, run) => {
      const answer = await run()
      if (effect.index === first + at) {
        world.hasAuthority = false
        lost = effects.done.length
      }
      return answer
    }
    const started = await world.run(ask(world, 'v1.1.0'))
    await world.drive(started.finished)
    if (lost === null) return
    await world.drive(world.time.pause(60_000))
    const later = effects.done.slice(lost).map(({ name }) => name).filter((name) => /^(runtime|source)\.|^router\.activate$/.test(name))
    expect(later, `lost at ${effects.done[first + at]?.name}`).toEqual([])
  }
})

test('a daemon that lost its lock while it brings the tree to the release does not tell that as a warning, it ends', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  const started = await applyUpTo(world, 'v1.1.0', 'stop_old_color')
  world.hasAuthority = false
  await world.drive(started.finished)
  expect(world.daemon.life.dead).toBe(true)
  expect(world.stack.record?.operation).toMatchObject({ phase: 'retiring', warnings: [] })
})

test('a daemon that lost its lock while it looked at routes that somebody broke keeps no copy of them, and restores nothing', async () => {
  const world = new World()
  await world.start()
  const { effects, traefik } = world.stack
  world.disturbed = true
  traefik.replaced('no routes at all')
  effects.questionInterference = async (_effect, run) => {
    const answer = await run()
    world.hasAuthority = false
    return answer
  }
  const before = effects.done.length
  await world.drive(world.time.pause(60_000))
  expect(world.daemon.life.dead).toBe(true)
  expect(effects.done.slice(before).map(({ name }) => name)).toEqual([])
  expect(traefik.file).toBe('no routes at all')
})

test('wherever the lock is lost while a daemon looks at rest, it removes nothing any more', async () => {
  for (let at = 0; ; at += 1) {
    const world = new World()
    await world.start()
    const { effects } = world.stack
    const first = effects.done.length
    let asked = 0
    let lost: number | null = null
    effects.questionInterference = async (_question, run) => {
      const answer = await run()
      asked += 1
      if (asked === at + 1) {
        world.hasAuthority = false
        lost = effects.done.length
      }
      return answer
    }
    await world.drive(world.time.pause(3_000))
    if (lost === null) {
      expect(effects.done.slice(first).map(({ name }) => name)).toContain('runtime.prune')
      return
    }
    expect(effects.done.slice(lost).map(({ name }) => name), `lost at question ${at}`).toEqual([])
  }
})
