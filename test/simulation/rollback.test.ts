import { describe, expect, test } from 'vitest'
import { settle } from './at-rest.ts'
import { apply, rollback } from './operator.ts'
import { commitOf } from './world/releases.ts'
import { World } from './world/world.ts'

describe('a rollback', () => {
  test('goes to the release before, quarantines the one that it leaves, and is in the history as one', async () => {
    const world = new World({ releases: { 'v1.1.0': 'good', 'v1.2.0': 'good' } })
    await world.start()
    await apply(world, 'v1.1.0')
    await apply(world, 'v1.2.0')
    const result = await rollback(world, commitOf('v1.1.0'))
    expect(result).toMatchObject({ status: 'success', previousSha: commitOf('v1.2.0'), newSha: commitOf('v1.1.0'), activeColor: 'green', paused: false })
    await settle(world)
    expect(world.updater.status()).toMatchObject({
      active: { tag: 'v1.1.0' }, lastGoodTag: 'v1.1.0', quarantine: [{ commit: commitOf('v1.2.0'), reason: expect.stringContaining('operator') }],
    })
    const entries = await world.run(world.updater.history())
    expect(entries.at(-1)).toMatchObject({ tag: `rollback:${commitOf('v1.1.0').slice(0, 12)}`, version: 'rollback', result: { status: 'success' } })
  })

  test('needs neither the remote nor a build', async () => {
    const world = new World({ releases: { 'v1.1.0': 'good', 'v1.2.0': 'good' } })
    await world.start()
    await apply(world, 'v1.1.0')
    await apply(world, 'v1.2.0')
    world.stack.git.remoteFault = 'the remote does not answer'
    const result = await rollback(world, commitOf('v1.1.0'))
    expect(result.status).toBe('success')
    expect(result.durationSeconds).toBeLessThan(2.5)
    await settle(world)
  })

  test.each([['tells its commit', true], ['tells no commit', false]])('goes back to the stack that was found running, when that one %s', async (_name, labelled) => {
    const world = new World({ releases: { 'v1.1.0': 'good' }, labelled })
    await world.start()
    const found = world.stack.record?.active
    if (found === undefined) throw new Error('nothing was adopted')
    await apply(world, 'v1.1.0')
    expect(await rollback(world, found.commit)).toMatchObject({ status: 'success', activeColor: 'blue' })
    await settle(world)
    expect(world.updater.status()).toMatchObject({ active: found })
  })

  test('to a commit that nobody knows is refused and changes nothing', async () => {
    const world = new World()
    await world.start()
    const before = world.stack.effects.done.length
    const started = await world.run(world.updater.rollback({ previousSha: 'f'.repeat(40), origin: 'api' }))
    expect(await world.drive(started.outcome)).toMatchObject({ kind: 'error', error: { code: 'unknown_commit' } })
    await world.run(started.finished)
    expect(world.stack.effects.done.length).toBe(before)
  })

  test('to a release that is no longer kept builds it again from the mirror', async () => {
    const world = new World({ releases: { 'v1.1.0': 'good', 'v1.2.0': 'good', 'v1.3.0': 'good', 'v1.4.0': 'good' } })
    await world.start()
    for (const tag of ['v1.1.0', 'v1.2.0', 'v1.3.0', 'v1.4.0']) await apply(world, tag)
    await settle(world)
    expect(world.stack.images.get('bot', commitOf('v1.1.0'))).toBeUndefined()
    expect(await rollback(world, commitOf('v1.1.0'))).toMatchObject({ status: 'success' })
    await settle(world)
    expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.1.0' } })
  })

  test('that fails is undone like any other', async () => {
    const world = new World({ releases: { 'v1.1.0': 'good', 'v1.2.0': 'good' } })
    await world.start()
    await apply(world, 'v1.1.0')
    await apply(world, 'v1.2.0')
    world.stack.effects.interference = (effect, run) => {
      if (effect.name === 'runtime.up' && effect.services?.[0] === 'bot' && effect.commit === commitOf('v1.1.0')) return Promise.reject(new Error('no network'))
      return run()
    }
    expect(await rollback(world, commitOf('v1.1.0'))).toMatchObject({ status: 'rolled_back', activeColor: 'blue', paused: true })
    await settle(world)
    expect(world.updater.status()).toMatchObject({ active: { tag: 'v1.2.0' }, quarantine: [] })
  })
})
