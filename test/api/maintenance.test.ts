import { describe, expect, it } from 'vitest'
import { status } from '../../src/api/schemas.ts'
import { UpdaterError } from '../../src/rollout/errors.ts'
import { call, freshApi } from './api.ts'
import { fakeUpdater, idleStatus } from './fake-updater.ts'
import { expectToMatch } from './schema.ts'

const since = '2026-11-21T12:00:00.000Z'

describe('POST /maintenance', () => {
  it('answers 200 with who set it, when and why', async () => {
    const updater = fakeUpdater({ enterMaintenance: (reason, by) => Promise.resolve({ reason, by, since }) })
    const answer = await call(freshApi({ updater }), 'POST', '/maintenance', { reason: ' new disks ' })
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toStrictEqual({ maintenance: { reason: 'new disks', by: 'api 127.0.0.1', since }, status: 'ok' })
  })

  it.each([undefined, {}, { reason: '' }, { reason: '  ' }, { reason: 1 }, { reason: 'x'.repeat(501) }])('answers 400 for the body %j, and names the reason', async (body) => {
    const answer = await call(freshApi(), 'POST', '/maintenance', body)
    expect(answer.statusCode).toBe(400)
    expect(answer.json<{ error: string }>().error).toContain('reason')
  })

  it('answers 503 when it could not be made durable', async () => {
    const updater = fakeUpdater({ enterMaintenance: () => Promise.reject(new UpdaterError('not_durable', 'Not in maintenance mode, because that could not be written.')) })
    expect((await call(freshApi({ updater }), 'POST', '/maintenance', { reason: 'new disks' })).statusCode).toBe(503)
  })
})

describe('DELETE /maintenance', () => {
  it('answers 200 with what a look at the stack found', async () => {
    const by: string[] = []
    const updater = fakeUpdater({
      async leaveMaintenance(caller) {
        by.push(caller)
        return ['bot should run and does not.']
      },
    })
    const answer = await call(freshApi({ updater }), 'DELETE', '/maintenance')
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toStrictEqual({ maintenance: null, findings: ['bot should run and does not.'], status: 'ok' })
    expect(by).toStrictEqual(['api 127.0.0.1'])
  })
})

describe('in maintenance mode', () => {
  it('the status tells who set it, when and why, and that rollouts are paused', async () => {
    const maintenance = { reason: 'new disks', by: 'api 127.0.0.1', since }
    const updater = fakeUpdater({ status: () => ({ ...idleStatus, paused: true, pauseReason: 'Maintenance mode', maintenance }) })
    const answer = await call(freshApi({ updater }), 'GET', '/status')
    expectToMatch(answer.json(), status)
    expect(answer.json()).toMatchObject({ maintenance, paused: true })
  })

  it.each([['/update/apply', { tag: 'v2.0.0', version: '2.0.0' }], ['/update/rollback', { previous_sha: '1'.repeat(40) }]])('POST %s is answered with 423', async (path, body) => {
    const refuse = (): Promise<never> => Promise.reject(new UpdaterError('in_maintenance', 'Rollouts are paused.'))
    const answer = await call(freshApi({ updater: fakeUpdater({ apply: refuse, rollback: refuse }) }), 'POST', path, body)
    expect(answer.statusCode).toBe(423)
    expect(answer.json()).toMatchObject({ code: 'in_maintenance', error: expect.stringContaining('paused') })
  })
})
