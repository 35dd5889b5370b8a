import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { refuseSignature, signRequest } from '../../reference-app/src/service/signature.js'
import { SKILLS_SECRET as secret, startProgram } from './program.ts'
import { signedFetch } from './signed-fetch.ts'

const NOW = 1_800_000_000
const request = { secret, method: 'POST', path: '/skills/echo?a=1', body: '{"a":1}' }

describe('the X-API-Secret header', () => {
  test('is t=<seconds>,v1=<HMAC-SHA256 over timestamp, method, path and body>', () => {
    const hmac = createHmac('sha256', secret).update(`${NOW}\nPOST\n/skills/echo?a=1\n{"a":1}`).digest('hex')
    expect(signRequest({ ...request, now: NOW })).toBe(`t=${NOW},v1=${hmac}`)
  })

  test('is good up to 300 seconds before and after the service’s clock, and no longer', () => {
    const header = signRequest({ ...request, now: NOW })
    const refusalAt = (now: number) => refuseSignature({ ...request, header, now })
    expect([NOW - 300, NOW, NOW + 300].map(refusalAt)).toEqual([null, null, null])
    expect(refusalAt(NOW + 301)).toContain('300 s window')
    expect(refusalAt(NOW - 301)).toContain('300 s window')
  })

  test.each([
    ['another secret', { secret: 'other' }],
    ['another method', { method: 'PUT' }],
    ['another path', { path: '/skills/echo?a=2' }],
    ['another body', { body: '{"a":2}' }],
    ['a part moved from path to body', { path: '/skills/echo?a=1\n{', body: '"a":1}' }],
  ])('does not fit %s', (_, difference) => {
    const header = signRequest({ ...request, now: NOW })
    expect(refuseSignature({ ...request, ...difference, header, now: NOW })).toContain('does not match')
  })

  test('cannot be given a later timestamp', () => {
    const header = signRequest({ ...request, now: NOW }).replace(`t=${NOW}`, `t=${NOW + 1}`)
    expect(refuseSignature({ ...request, header, now: NOW })).toContain('does not match')
  })

  test.each(['', 't=1', `v1=${'a'.repeat(64)}`, `t=1,v1=${'a'.repeat(63)}`, `t=-1,v1=${'a'.repeat(64)}`, `t=1,v1=${'A'.repeat(64)}`])(
    'is refused when it reads "%s"',
    (header) => {
      expect(refuseSignature({ ...request, header, now: NOW })).toContain('must read')
    },
  )
})

describe('skills', () => {
  test('answers signed calls only, and /health to anyone', async () => {
    const skills = await startProgram('skills')
    const now = Math.floor(Date.now() / 1000)
    const list = `${skills.url}/skills`

    expect((await signedFetch(list)).status).toBe(200)
    expect((await signedFetch(list, { now: now - 290 })).status).toBe(200)
    expect((await signedFetch(list, { now: now - 310 })).status).toBe(401)
    expect((await signedFetch(list, { now: now + 310 })).status).toBe(401)
    const unsigned = await fetch(list)
    expect([unsigned.status, await unsigned.json()]).toEqual([401, { error: 'X-API-Secret is missing' }])
    expect((await fetch(`${skills.url}/health`)).status).toBe(200)
    expect((await fetch(`${skills.url}/no/such/thing`)).status).toBe(401)
  })

  test('takes a signature over the body it receives', async () => {
    const skills = await startProgram('skills')
    const good = await signedFetch(`${skills.url}/skills/echo`, { method: 'POST', body: '{"say":"hello ✓"}' })
    expect([good.status, await good.json()]).toEqual([200, { echo: { say: 'hello ✓' } }])
    const header = signRequest({ secret, method: 'POST', path: '/skills/echo', body: '1' })
    const changed = await fetch(`${skills.url}/skills/echo`, { method: 'POST', headers: { 'X-API-Secret': header }, body: '2' })
    expect(changed.status).toBe(401)
  })
})
