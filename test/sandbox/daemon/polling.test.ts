import { rename } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { begin, type Story } from './story.ts'
import { at, eventually } from './waiting.ts'

let story: Story
/** Each second: the smallest that a cron expression can say. */
const eachSecond = { AUTO_UPDATE_ENABLED: 'true', AUTO_UPDATE_CHECK_INTERVAL_MINUTES: '* * * * * *' }
const polled = async (key: string): Promise<unknown> => at((await story.status())['polling'], key)
const outcome = (what: string, fits: RegExp): Promise<string> => eventually(what, async () => {
  const told = String(await polled('outcome'))
  return fits.test(told) ? told : null
})
const runs = (tag: string): Promise<unknown> => eventually(`${tag} having become active`, async () => (at((await story.status())['active'], 'tag') === tag ? tag : null))
const restart = async (env: Readonly<Record<string, string>>): Promise<void> => {
  await story.stack.daemon().end('SIGTERM')
  await story.start(env)
}
/** Waits until the remote was looked at once more. */
const anotherLook = async (): Promise<void> => {
  const last = await polled('last_look_at')
  await eventually('another look', async () => ((await polled('last_look_at')) === last ? null : true))
}
/** A status between two looks, and the time from the one to the other, ms. */
const untilNextLook = () => eventually('the next look being planned', async () => {
  const status = await story.status()
  const wait = Date.parse(String(at(status['polling'], 'next_look_at'))) - Date.parse(String(at(status['polling'], 'last_look_at')))
  return wait > 0 ? { status, wait } : null
})
const attempts = async (tag: string): Promise<number> => {
  const { entries } = (await story.stack.updater.get('/update/history')).body
  return Array.isArray(entries) ? entries.filter((entry) => at(entry, 'tag') === tag).length : 0
}

beforeAll(async () => {
  story = await begin()
  await story.start(eachSecond)
})
afterAll(() => story.end())

describe('polling', () => {
  it('tells when it looked and when it looks next, also in the state file', async () => {
    await outcome('a first look', /^No release above what runs\.$/)
    const { status, wait } = await untilNextLook()
    expect(status).toMatchObject({ polling: { enabled: true, newest: null } })
    expect(wait).toBeLessThanOrEqual(2_000)
    expect(Date.parse(String(at(await story.state(), 'last_checked_at')))).toBeGreaterThanOrEqual(Date.parse(String(status['last_checked_at'])))
  })

  it('finds a release that was published and rolls it out by itself', async () => {
    await story.stack.project.publish('v1.1.0')
    await runs('v1.1.0')
    await story.rest()
    expect(await story.state()).toMatchObject({ last_good_tag: 'v1.1.0', last_attempted_tag: 'v1.1.0' })
  })

  it('tries a bad one once, pauses, and only reports while paused', async () => {
    await story.stack.project.publish('v1.5.0')
    await outcome('the pause being reported', /^v1\.5\.0 is quarantined|v1\.5\.0 was found, but rollouts are paused: v1\.5\.0: The build of/)
    expect(await story.status()).toMatchObject({ paused: true, active: { tag: 'v1.1.0' }, polling: { newest: { tag: 'v1.5.0' } } })
    // The look may come before the end of its operation, and until then nobody can unpause.
    await story.rest()
  })

  it('leaves the quarantined one alone after unpausing', async () => {
    expect(await story.stack.updater.post('/update/unpause')).toMatchObject({ status: 200 })
    await anotherLook()
    await anotherLook()
    expect(await polled('outcome')).toMatch(/^v1\.5\.0 is quarantined \(.*\); waiting for a newer release\.$/)
    expect(await attempts('v1.5.0')).toBe(1)
  })

  it('takes the newer one that mends it', async () => {
    await story.stack.project.publish('v1.6.0')
    await runs('v1.6.0')
    await story.rest()
    expect(await attempts('v1.5.0')).toBe(1)
  })

  it('only reports what it finds while an operator has paused', async () => {
    await story.stack.updater.post('/update/pause', { reason: 'Holidays.' })
    await story.stack.project.publish('v1.7.0')
    expect(await outcome('the release being reported', /^v1\.7\.0/)).toBe('v1.7.0 was found, but rollouts are paused: Holidays.')
    await anotherLook()
    expect(await story.status()).toMatchObject({ state: 'idle', active: { tag: 'v1.6.0' }, last_attempted_tag: 'v1.6.0', polling: { newest: { tag: 'v1.7.0' } } })
  })

  it('only reports what it finds where UPDATE_REQUIRE_APPROVAL is set', async () => {
    await restart({ ...eachSecond, UPDATE_REQUIRE_APPROVAL: 'true' })
    expect(await story.status()).toMatchObject({ paused: true, pause_reason: 'Holidays.' })
    expect(await story.stack.updater.post('/update/unpause')).toMatchObject({ status: 200 })
    await outcome('the release being reported', /^v1\.7\.0 was found, but it waits for an operator/)
    await anotherLook()
    expect(await story.status()).toMatchObject({ state: 'idle', active: { tag: 'v1.6.0' }, last_attempted_tag: 'v1.6.0' })
  })

  it('backs off from a remote that is gone, and never pauses for it', async () => {
    const { remote } = story.stack.project
    await rename(remote, `${remote}.gone`)
    const told = await outcome('the remote being gone', /could not be asked/)
    const { status, wait } = await untilNextLook()

    expect(told).toMatch(/^The remote could not be asked \(\d in a row\): /)
    expect(wait).toBeGreaterThanOrEqual(59_000)
    expect(status).toMatchObject({ state: 'idle', paused: false, holds: [], active: { tag: 'v1.6.0' } })
    expect(await story.stack.updater.post('/update/apply', { tag: 'v1.7.0', version: '1.7.0' })).toMatchObject({ status: 500, body: { status: 'failed', paused: false } })
    await rename(`${remote}.gone`, remote)
  })

  it('rolls out what it only reported, once it may, on an interval as on a cron expression', async () => {
    await restart({ AUTO_UPDATE_ENABLED: 'true', AUTO_UPDATE_CHECK_INTERVAL_MINUTES: '0.01' })
    await runs('v1.7.0')
    await story.rest()
    expect(await attempts('v1.7.0')).toBe(2)
  })

  it('never had two bots in all of this', async () => {
    expect(at(await story.stack.gateway(), 'overlaps')).toBe(0)
  })
})
