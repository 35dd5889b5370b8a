import { describe, expect, it } from 'vitest'
import { defaultApiLimits } from '../../src/api/create-api.ts'
import { freshApi, secret } from './api.ts'
import { deferred } from './deferred.ts'
import { fakeUpdater, idleStatus } from './fake-updater.ts'

const everyCall = [
  ['GET', '/status'],
  ['POST', '/update'],
  ['POST', '/update/apply'],
  ['POST', '/update/rollback'],
  ['POST', '/update/unpause'],
  ['POST', '/update/pause'],
  ['POST', '/update/cancel'],
  ['GET', '/update/history'],
  ['GET', '/update/operations/op-1'],
  ['GET', '/diagnostics'],
  ['GET', '/openapi.json'],
  ['GET', '/no/such/path'],
  ['POST', '/health'],
] as const

function reading() {
  return fakeUpdater({ status: () => idleStatus })
}

describe('the secret', () => {
  it.each(everyCall)('is asked for by %s %s', async (method, url) => {
    const app = freshApi()
    for (const headers of [{}, { 'x-updater-secret': '' }, { 'x-updater-secret': `${secret}x` }, { authorization: 'Bearer wrong' }, { authorization: secret }]) {
      const answer = await app.inject({ method, url, headers })
      expect(answer.statusCode).toBe(401)
      expect(answer.json()).toMatchObject({ error: 'Unauthorized', code: 'unauthorized' })
    }
  })

  it('is looked at before the body', async () => {
    const answer = await freshApi().inject({ method: 'POST', url: '/update/apply', payload: '{not json' })
    expect(answer.statusCode).toBe(401)
  })

  it.each([{ 'x-updater-secret': secret }, { authorization: `Bearer ${secret}` }, { authorization: `bearer ${secret}` }])('is taken from %j', async (headers) => {
    const answer = await freshApi({ updater: reading() }).inject({ url: '/status', headers })
    expect(answer.statusCode).toBe(200)
  })

  it('is not asked for by GET /health', async () => {
    const answer = await freshApi().inject('/health')
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toStrictEqual({ status: 'ok' })
  })

  it('that is missing or unreadable lets nobody in, and the answer says why', async () => {
    const app = freshApi({ updater: reading(), secret: { matches: async () => false, problem: () => 'The secret file is empty.' } })
    const answer = await app.inject({ url: '/status', headers: { 'x-updater-secret': secret } })
    expect(answer.statusCode).toBe(503)
    expect(answer.json()).toMatchObject({ code: 'observing', error: expect.stringContaining('The secret file is empty.') })
    expect((await app.inject('/health')).statusCode).toBe(200)
  })
})

describe('wrong secrets', () => {
  const limits = { ...defaultApiLimits, wrongSecrets: { attempts: 3, window: 60_000 } }
  const wrong = { url: '/status', headers: { 'x-updater-secret': 'wrong' } }
  const right = { url: '/status', headers: { 'x-updater-secret': secret } }

  it('shut their address out with 429, until the window is over', async () => {
    let now = 0
    const app = freshApi({ updater: reading(), limits, clock: { monotonic: () => now } })
    for (let attempt = 0; attempt < 3; attempt += 1) expect((await app.inject(wrong)).statusCode).toBe(401)
    now = 20_000
    const shutOut = await app.inject(wrong)
    expect(shutOut.statusCode).toBe(429)
    expect(shutOut.headers['retry-after']).toBe('40')
    expect(shutOut.json()).toMatchObject({ code: 'too_many_attempts' })
    expect((await app.inject(right)).statusCode).toBe(429)
    now = 60_000
    expect((await app.inject(right)).statusCode).toBe(200)
  })

  it('sent all at once get past the limit no more than one after the other, the right one among them included', async () => {
    const calls = [wrong, wrong, wrong, wrong, right]
    const { promise: allAreLookedAt, resolve: release } = deferred<void>()
    let looks = 0
    const matches = async (candidate: string) => {
      looks += 1
      if (looks === calls.length) release()
      await allAreLookedAt
      return candidate === secret
    }
    const app = freshApi({ updater: reading(), limits, secret: { matches, problem: () => null } })
    const answers = await Promise.all(calls.map((call) => app.inject(call)))
    expect(answers.map(({ statusCode }) => statusCode)).toStrictEqual([401, 401, 401, 429, 429])
  })

  it('of one address do not shut out another', async () => {
    const app = freshApi({ updater: reading(), limits })
    for (let attempt = 0; attempt < 4; attempt += 1) await app.inject({ ...wrong, remoteAddress: '172.18.0.66' })
    expect((await app.inject({ ...wrong, remoteAddress: '172.18.0.66' })).statusCode).toBe(429)
    expect((await app.inject({ ...right, remoteAddress: '172.18.0.5' })).statusCode).toBe(200)
  })

  it('never shut out GET /health', async () => {
    const app = freshApi({ limits })
    for (let attempt = 0; attempt < 5; attempt += 1) await app.inject(wrong)
    expect((await app.inject('/health')).statusCode).toBe(200)
  })

  it('are forgotten oldest first when more addresses ask than a table should hold', async () => {
    const app = freshApi({ limits: { ...limits, wrongSecrets: { attempts: 1, window: 60_000 } } })
    const from = (number: number) => `10.0.${Math.floor(number / 250)}.${number % 250}`
    for (let number = 0; number <= 1_000; number += 1) await app.inject({ ...wrong, remoteAddress: from(number) })
    expect((await app.inject({ ...wrong, remoteAddress: from(1_000) })).statusCode).toBe(429)
    expect((await app.inject({ ...wrong, remoteAddress: from(0) })).statusCode).toBe(401)
  })
})
