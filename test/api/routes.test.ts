import { describe, expect, it } from 'vitest'
import { problem } from '../../src/api/schemas.ts'
import { call, freshApi, secret } from './api.ts'
import { expectToMatch } from './schema.ts'

describe('a path that does not exist', () => {
  it.each(['/', '/update/', '/updates', '/update/apply/now', '/metrics?status', '//status'])('answers 404 for GET %s as a problem', async (url) => {
    const answer = await call(freshApi(), 'GET', url)
    expect(answer.statusCode).toBe(404)
    expect(answer.headers['content-type']).toContain('application/problem+json')
    expectToMatch(answer.json(), problem)
  })
})

describe('a path that exists, called by another method', () => {
  it.each([
    ['GET', '/update/apply', 'POST'],
    ['PUT', '/update', 'POST'],
    ['POST', '/status', 'GET, HEAD'],
    ['DELETE', '/update/history', 'GET, HEAD'],
    ['PATCH', '/update/operations/op-1', 'GET, HEAD'],
    ['OPTIONS', '/update/unpause', 'POST'],
  ] as const)('answers 405 for %s %s, with Allow: %s', async (method, url, allow) => {
    const answer = await freshApi().inject({ method, url, headers: { 'x-updater-secret': secret } })
    expect(answer.statusCode).toBe(405)
    expect(answer.headers['allow']).toBe(allow)
    expect(answer.json()).toMatchObject({ code: 'method_not_allowed' })
    expectToMatch(answer.json(), problem)
  })
})
