import { describe, expect, it, onTestFinished } from 'vitest'
import { createPolling } from '../../../src/polling/polling.ts'
import type { PollingParts } from '../../../src/polling/polling.ts'
import { UpdaterError } from '../../../src/rollout/errors.ts'
import type { TagRef, UpdateResult } from '../../../src/rollout/model.ts'
import type { ApplyRequest, Started, Status } from '../../../src/updater/service.ts'
import { idleStatus, rolledBack, succeeded } from '../../api/fake-updater.ts'
import { handClock } from './hand-clock.ts'

const minute = 60_000
const v1: TagRef = { tag: 'v1.0.0', commit: idleStatus.active?.commit ?? '' }
const v2: TagRef = { tag: 'v2.0.0', commit: '2'.repeat(40) }

interface World {
  tags: () => Promise<TagRef[]>
  status: Partial<Status>
  outcome: () => Promise<UpdateResult>
  refuses: UpdaterError | null
}

/** Polling in a world that the test changes as it goes; what it asked for is kept. */
function watch(given: Partial<World> = {}, parts: Partial<PollingParts> = {}) {
  const world: World = { tags: () => Promise.resolve([v1, v2]), status: {}, outcome: () => Promise.resolve(succeeded), refuses: null, ...given }
  const clock = handClock('2026-11-21T12:00:00.000Z')
  const looks: string[] = []
  const applied: ApplyRequest[] = []
  const checked: string[] = []
  const logged: string[] = []
  const log = (message: string) => void logged.push(message)
  const polling = createPolling({
    source: {
      listTags() {
        looks.push(new Date(clock.now()).toISOString().slice(11, 19))
        return world.tags()
      },
    },
    updater: {
      status: () => ({ ...idleStatus, ...world.status }),
      async apply(request): Promise<Started> {
        if (world.refuses !== null) throw world.refuses
        applied.push(request)
        return { operationId: 'op-1', begun: Promise.resolve('open' as const), outcome: world.outcome(), finished: Promise.resolve() }
      },
    },
    schedule: { kind: 'every', milliseconds: 15 * minute },
    enabled: true,
    requireApproval: false,
    lookLimit: 120_000,
    clock,
    log: { info: log, warn: log, error: log },
    inspectTags: () => Promise.resolve(null),
    async onChecked(at) {
      checked.push(at)
    },
    ...parts,
  })
  onTestFinished(() => polling.stop())
  return { world, clock, polling, looks, applied, checked, logged }
}

it('takes nothing on while something speaks against the tags that it found, and tells what', async () => {
  const { polling, applied } = watch({}, { inspectTags: (tags) => Promise.resolve(`${tags[0]?.tag} was moved.`) })
  expect(await polling.look(now())).toMatchObject({ outcome: 'v1.0.0 was moved.' })
  expect(applied).toEqual([])
})

const now = () => new AbortController().signal

describe('the watch', () => {
  it('looks at once and then every interval, and tells when it looks next', async () => {
    const { polling, clock, looks } = watch({ tags: () => Promise.resolve([v1]) })
    polling.start()
    await clock.advance(0)
    expect(polling.status()).toStrictEqual({
      enabled: true, lastLookAt: '2026-11-21T12:00:00.000Z', nextLookAt: '2026-11-21T12:15:00.000Z', newest: null, outcome: 'No release above what runs.',
    })
    await clock.advance(30 * minute)
    expect(looks).toStrictEqual(['12:00:00', '12:15:00', '12:30:00'])
  })

  it('counts the last look of an earlier daemon, so that a crash loop does not ask at each start', async () => {
    const { polling, clock, looks } = watch({ status: { lastCheckedAt: '2026-11-21T11:50:00.000Z' } })
    polling.start()
    await clock.advance(4 * minute)
    expect(polling.status()).toMatchObject({ lastLookAt: '2026-11-21T11:50:00.000Z', nextLookAt: '2026-11-21T12:05:00.000Z' })
    await clock.advance(2 * minute)
    expect(looks).toStrictEqual(['12:05:00'])
  })

  it.each(['2027-01-01T00:00:00.000Z', '2020-01-01T00:00:00.000Z', 'yesterday'])('looks at once when the last look is said to have been %s', async (lastCheckedAt) => {
    const { polling, clock, looks } = watch({ status: { lastCheckedAt } })
    polling.start()
    await clock.advance(1)
    expect(looks).toStrictEqual(['12:00:00'])
  })

  it.each([['every', { kind: 'every', milliseconds: 15 * minute }], ['cron', { kind: 'cron', expression: '*/15 * * * *' }]] as const)('fault 20: goes on when the clock is set back by a day in the middle of a wait (%s)', async (_kind, schedule) => {
    const { polling, clock, looks } = watch({}, { schedule })
    polling.start()
    await clock.advance(20 * minute)
    const before = looks.length
    clock.set(-24 * 60 * minute)
    await clock.advance(30 * minute)
    expect(looks.length).toBeGreaterThan(before)
    expect(polling.status().nextLookAt).toMatch(/^2026-11-20T1[23]:/)
  })

  it('on a cron expression does not look at its start, but at the next moment that it names', async () => {
    const { polling, clock, looks } = watch({}, { schedule: { kind: 'cron', expression: '*/20 * * * *' } })
    polling.start()
    await clock.advance(41 * minute)
    expect(looks).toStrictEqual(['12:20:00', '12:40:00'])
  })

  it('never looks by itself when it is not enabled, but does when asked', async () => {
    const { polling, clock, looks } = watch({ tags: () => Promise.resolve([v1]) }, { enabled: false })
    polling.start()
    await clock.advance(24 * 60 * minute)
    expect(looks).toStrictEqual([])
    expect(await polling.look(now())).toMatchObject({ enabled: false, outcome: 'No release above what runs.' })
  })

  it('ends at once when it is told to, also in the middle of a look that never answers', async () => {
    const { polling, clock, looks } = watch({ tags: () => new Promise(() => undefined) })
    polling.start()
    await clock.advance(0)
    await polling.stop()
    await clock.advance(60 * minute)
    expect(looks).toHaveLength(1)
    expect(clock.sleepers).toBe(0)
    expect(polling.status().nextLookAt).toBeNull()
  })

  it('hands the time of every look over to be kept, and goes on when that fails', async () => {
    const kept: string[] = []
    const { polling, applied, logged } = watch({}, {
      async onChecked(at) {
        kept.push(at)
        throw new Error('the disk is full')
      },
    })
    await polling.look(now())
    expect(kept).toStrictEqual(['2026-11-21T12:00:00.000Z'])
    expect(applied).toHaveLength(1)
    expect(logged).toContain('The time of the last look at the remote could not be kept')
  })

  it('shares one look between two who ask at once', async () => {
    const { polling, looks, applied } = watch()
    await Promise.all([polling.look(now()), polling.look(now())])
    expect(looks).toHaveLength(1)
    expect(applied).toHaveLength(1)
  })
})

describe('a release above what runs', () => {
  it('is applied without anybody asking', async () => {
    const { polling, applied } = watch()
    expect(await polling.look(now())).toMatchObject({ newest: v2 })
    expect(applied).toStrictEqual([{ tag: 'v2.0.0', version: '2.0.0', origin: 'polling' }])
  })

  it.each<[string, Partial<World>, string]>([
    ['succeeded', { outcome: () => Promise.resolve(succeeded) }, 'v2.0.0: success.'],
    ['was undone', { outcome: () => Promise.resolve(rolledBack) }, `v2.0.0: rolled_back: ${rolledBack.error ?? ''}`],
    ['was refused at once', { outcome: () => Promise.reject(new UpdaterError('unknown_tag', 'The remote has no tag v2.0.0.')) }, 'v2.0.0 was not attempted: The remote has no tag v2.0.0.'],
    ['could not begin', { refuses: new UpdaterError('in_progress', 'A rollback is already in progress.') }, 'v2.0.0 was found, but its rollout could not begin: A rollback is already in progress.'],
  ])('tells in the status that its rollout %s', async (_how, world, outcome) => {
    const { polling, clock } = watch(world)
    await polling.look(now())
    await clock.advance(0)
    expect(polling.status().outcome).toBe(outcome)
  })

  it.each<[string, Partial<Status>, string]>([
    ['rollouts are paused', { paused: true, pauseReason: 'v1.9.0 was unhealthy' }, 'rollouts are paused: v1.9.0 was unhealthy.'],
    ['an operation is in progress', { state: 'updating', currentOperation: 'apply v1.5.0: docker_build' }, 'an operation is in progress: apply v1.5.0: docker_build.'],
    ['the updater only observes', { observing: 'wrong mounts' }, 'the updater only observes: wrong mounts.'],
  ])('is only reported while %s', async (_why, status, sentence) => {
    const { polling, applied } = watch({ status })
    expect(await polling.look(now())).toMatchObject({ newest: v2, outcome: `v2.0.0 was found, but ${sentence}` })
    expect(applied).toStrictEqual([])
  })

  it('is only reported when an operator must approve it', async () => {
    const { polling, applied } = watch({}, { requireApproval: true })
    expect((await polling.look(now())).outcome).toBe('v2.0.0 was found, but it waits for an operator, since UPDATE_REQUIRE_APPROVAL is set.')
    expect(applied).toStrictEqual([])
  })

  it('is only reported while it is quarantined, until a newer one is there', async () => {
    const quarantine = [{ commit: v2.commit, tag: 'v2.0.0', reason: 'unhealthy', since: '2026-11-21T11:00:00.000Z' }]
    const { polling, applied, world } = watch({ status: { quarantine } })
    expect(await polling.look(now())).toMatchObject({ newest: v2, outcome: 'v2.0.0 is quarantined (unhealthy); waiting for a newer release.' })
    expect(applied).toStrictEqual([])
    world.tags = () => Promise.resolve([v1, v2, { tag: 'v2.0.1', commit: '3'.repeat(40) }])
    await polling.look(now())
    expect(applied).toMatchObject([{ tag: 'v2.0.1' }])
  })
})

describe('a release whose rollout fails and is held against nothing', () => {
  const unsigned: UpdateResult = { ...rolledBack, status: 'failed', paused: false, pauseReason: null, error: 'The tag v2.0.0 carries no signature.' }
  const failing = () => watch({ outcome: () => Promise.resolve(unsigned) }, { schedule: { kind: 'every', milliseconds: minute } })

  it('is left alone for longer and longer, while the remote is looked at as before, and tells why', async () => {
    const { polling, clock, looks, applied } = failing()
    polling.start()
    const attempts: number[] = []
    for (let at = 0; at <= 20; at += 1) {
      await clock.advance(at === 0 ? 0 : minute)
      if (applied.length > attempts.length) attempts.push(at)
    }
    expect(attempts).toStrictEqual([0, 1, 3, 7, 15])
    expect(looks).toHaveLength(21)
    expect(polling.status().outcome).toBe('v2.0.0 was found, but it failed (5 in a row) and is tried again in 11 min: The tag v2.0.0 carries no signature.')
    await clock.advance(30 * 24 * 60 * minute)
    expect(applied.length).toBeLessThan(9 + 30 * 4)
  })

  it.each([['commit', { tag: 'v2.0.0', commit: '3'.repeat(40) }], ['release', { tag: 'v2.0.1', commit: '3'.repeat(40) }]])('is tried at once when there is another %s', async (_what, another) => {
    const { polling, applied, world } = failing()
    await polling.look(now())
    await polling.look(now())
    expect(applied).toHaveLength(1)
    world.tags = () => Promise.resolve([v1, another])
    await polling.look(now())
    expect(applied).toMatchObject([{ tag: 'v2.0.0' }, { tag: another.tag }])
  })

  it('is tried again by the next look once somebody ended the pause that it brought', async () => {
    const { polling, applied, world } = watch({ outcome: () => Promise.resolve({ ...unsigned, paused: true }) })
    await polling.look(now())
    world.status = { paused: false }
    await polling.look(now())
    expect(applied).toHaveLength(2)
  })
})

describe('a remote that fails', () => {
  const down = () => Promise.reject(new UpdaterError('remote_unreachable', 'The remote did not answer.'))

  it('is left alone for longer and longer, and asked as before once it answers', async () => {
    const { polling, clock, looks, world } = watch({ tags: down }, { schedule: { kind: 'every', milliseconds: minute } })
    polling.start()
    await clock.advance(8 * minute)
    expect(looks).toStrictEqual(['12:00:00', '12:01:00', '12:03:00', '12:07:00'])
    expect(polling.status().outcome).toBe('The remote could not be asked (4 in a row): The remote did not answer.')
    world.tags = () => Promise.resolve([v1])
    await clock.advance(9 * minute)
    expect(looks.slice(4)).toStrictEqual(['12:15:00', '12:16:00', '12:17:00'])
  })

  it('starts nothing and pauses nothing', async () => {
    const { polling, applied } = watch({ tags: down })
    await expect(polling.look(now())).resolves.toMatchObject({ newest: null })
    expect(applied).toStrictEqual([])
  })

  it('by never answering is given up at the limit', async () => {
    const { polling, clock } = watch({ tags: () => new Promise(() => undefined) })
    const look = polling.look(now())
    await clock.advance(120_000)
    expect((await look).outcome).toBe('The remote could not be asked (1 in a row): it did not answer within 120000 ms (limits.git)')
  })
})
