import { describe, expect, it } from 'vitest'
import { call, freshApi } from './api.ts'

describe('GET /openapi.json', () => {
  it('describes every path of the contract, and that each but /health wants the secret', async () => {
    const answer = await call(freshApi(), 'GET', '/openapi.json')
    expect(answer.statusCode).toBe(200)
    const document = answer.json<{ openapi: string; security: unknown; paths: Record<string, Record<string, { security?: unknown; responses: object }>> }>()
    expect(document.openapi).toBe('3.1.0')
    expect(document.security).toStrictEqual([{ secret: [] }, { bearer: [] }])
    expect(Object.keys(document.paths).sort()).toStrictEqual([
      '/diagnostics', '/health', '/maintenance', '/status', '/update', '/update/apply', '/update/cancel', '/update/history',
      '/update/operations/{id}', '/update/pause', '/update/rollback', '/update/unpause',
    ])
    expect(Object.keys(document.paths['/diagnostics'] ?? {}).sort()).toStrictEqual(['get', 'post'])
    expect(document.paths['/health']?.['get']?.security).toStrictEqual([])
    expect(Object.keys(document.paths['/update/apply']?.['post']?.responses ?? {})).toStrictEqual(['200', '202', '500', '503', '4XX'])
  })

  it('says what a body must hold', async () => {
    const document = (await call(freshApi(), 'GET', '/openapi.json')).json<{ paths: Record<string, { post: { requestBody: unknown } }> }>()
    expect(document.paths['/update/apply']?.post.requestBody).toMatchObject({
      required: true,
      content: { 'application/json': { schema: { required: ['tag', 'version'], properties: { tag: { type: 'string' }, version: { type: 'string' } } } } },
    })
  })
})
