import { describe, expect, it } from 'vitest'
import { UpdaterError } from '../../src/rollout/errors.ts'
import { call, freshApi } from './api.ts'
import { fakeUpdater } from './fake-updater.ts'

describe('POST /update/unpause', () => {
  it('answers 200 when rollouts are taken on again, and tells the updater who asked', async () => {
    const by: string[] = []
    const updater = fakeUpdater({
      async unpause(caller) {
        by.push(caller)
      },
    })
    const answer = await call(freshApi({ updater }), 'POST', '/update/unpause')
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toStrictEqual({ resumed: true, status: 'ok' })
    expect(by).toStrictEqual(['api 127.0.0.1'])
  })

  it.each(['', '{}', '{"further":"keys"}'])('takes the body "%s" as none', async (body) => {
    const updater = fakeUpdater({ unpause: () => Promise.resolve() })
    expect((await call(freshApi({ updater }), 'POST', '/update/unpause', body, { 'content-type': 'application/json' })).statusCode).toBe(200)
  })

  it.each([
    ['inconsistent', 409, 'Two bots run.'],
    ['in_progress', 409, 'apply v2.0.0 is already in progress.'],
    ['not_durable', 503, 'The record could not be written.'],
  ] as const)('answers %s with %i and what is wrong', async (code, status, sentence) => {
    const updater = fakeUpdater({ unpause: () => Promise.reject(new UpdaterError(code, sentence)) })
    const answer = await call(freshApi({ updater }), 'POST', '/update/unpause')
    expect(answer.statusCode).toBe(status)
    expect(answer.json()).toMatchObject({ code, error: sentence })
  })
})

describe('POST /update/pause', () => {
  it('answers 200 with the reason that was taken', async () => {
    const asked: string[][] = []
    const updater = fakeUpdater({
      async pause(reason, by) {
        asked.push([reason, by])
      },
    })
    const answer = await call(freshApi({ updater }), 'POST', '/update/pause', { reason: ' maintenance ' })
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toStrictEqual({ paused: true, pause_reason: 'maintenance', status: 'ok' })
    expect(asked).toStrictEqual([['maintenance', 'api 127.0.0.1']])
  })

  it.each([undefined, {}, { reason: '' }, { reason: '  ' }, { reason: 5 }, { reason: 'x'.repeat(501) }])('answers 400 that names reason for %j', async (body) => {
    const answer = await call(freshApi(), 'POST', '/update/pause', body)
    expect(answer.statusCode).toBe(400)
    expect(answer.json<{ error: string }>().error).toContain('reason')
  })

  it('answers 503 when the pause could not be made durable', async () => {
    const updater = fakeUpdater({ pause: () => Promise.reject(new UpdaterError('not_durable', 'The record could not be written.')) })
    expect((await call(freshApi({ updater }), 'POST', '/update/pause', { reason: 'x' })).statusCode).toBe(503)
  })
})

describe('POST /update/cancel', () => {
  it('answers 202 before the commit point', async () => {
    const answer = await call(freshApi({ updater: fakeUpdater({ cancel: () => Promise.resolve() }) }), 'POST', '/update/cancel')
    expect(answer.statusCode).toBe(202)
    expect(answer.json()).toStrictEqual({ cancelling: true, status: 'ok' })
  })

  it.each(['past_commit', 'nothing_to_cancel'] as const)('answers %s with 409', async (code) => {
    const updater = fakeUpdater({ cancel: () => Promise.reject(new UpdaterError(code, 'The reason.')) })
    const answer = await call(freshApi({ updater }), 'POST', '/update/cancel')
    expect(answer.statusCode).toBe(409)
    expect(answer.json()).toMatchObject({ code })
  })
})
