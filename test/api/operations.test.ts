import { describe, expect, it } from 'vitest'
import { operationAnswer } from '../../src/api/schemas.ts'
import { UpdaterError } from '../../src/rollout/errors.ts'
import type { OperationView } from '../../src/updater/service.ts'
import { call, freshApi } from './api.ts'
import { fakeUpdater, openOperation, rolledBack } from './fake-updater.ts'
import { expectToMatch } from './schema.ts'

function showing(view: OperationView) {
  return freshApi({ updater: fakeUpdater({ operation: () => Promise.resolve(view) }) })
}

describe('GET /update/operations/<id>', () => {
  it('tells how far a running operation is', async () => {
    const answer = await call(showing({ state: 'running', operation: openOperation }), 'GET', '/update/operations/op-2')
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toMatchObject({ state: 'running', operation: { id: 'op-2', step: 'docker_build', target: { tag: 'v2.0.0' } }, result: null })
    expectToMatch(answer.json(), operationAnswer)
  })

  it('tells how one ended', async () => {
    const answer = await call(showing({ state: 'ended', result: rolledBack }), 'GET', '/update/operations/op-1')
    expect(answer.json()).toMatchObject({ state: 'ended', result: { status: 'rolled_back' }, error: rolledBack.error })
    expectToMatch(answer.json(), operationAnswer)
  })

  it('tells why one was refused after it had been accepted', async () => {
    const view = { state: 'refused', error: new UpdaterError('unknown_tag', 'The remote has no tag v9.') } as const
    const answer = await call(showing(view), 'GET', '/update/operations/op-1')
    expect(answer.json()).toStrictEqual({ state: 'refused', operation: null, result: null, error: 'The remote has no tag v9.', code: 'unknown_tag' })
  })

  it('answers 404 for one that nobody knows', async () => {
    const app = freshApi({ updater: fakeUpdater({ operation: () => Promise.reject(new UpdaterError('unknown_operation', 'There is no operation op-0.')) }) })
    const answer = await call(app, 'GET', '/update/operations/op-0')
    expect(answer.statusCode).toBe(404)
    expect(answer.json()).toMatchObject({ code: 'unknown_operation' })
  })

  it.each([
    { what: 'with a way up', id: '%2e%2e%2fstatus', why: 'id in the path must be the id of an operation.' },
    { what: 'with a zero byte', id: 'a%00b', why: 'id in the path must be the id of an operation.' },
    { what: 'of 65 characters', id: 'x'.repeat(65), why: 'id in the path must be the id of an operation.' },
    { what: 'of 5,000 characters', id: 'x'.repeat(5_000), why: 'The call cannot be read: FST_ERR_MAX_PARAM_LENGTH.' },
    { what: 'that is no URL', id: '%zz', why: 'The call cannot be read: FST_ERR_BAD_URL.' },
  ])('answers 400 for an id $what', async ({ id, why }) => {
    const answer = await call(freshApi(), 'GET', `/update/operations/${id}`)
    expect(answer.statusCode).toBe(400)
    expect(answer.json()).toMatchObject({ code: 'invalid_request', error: why })
  })
})
