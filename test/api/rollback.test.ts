import { describe, expect, it } from 'vitest'
import { updateResult } from '../../src/api/schemas.ts'
import { UpdaterError } from '../../src/rollout/errors.ts'
import type { RollbackRequest } from '../../src/updater/service.ts'
import { call, freshApi } from './api.ts'
import { fakeUpdater, oldSha, rolledBack, succeeded } from './fake-updater.ts'
import { expectToMatch } from './schema.ts'

function rollingBack(result: typeof succeeded) {
  const asked: RollbackRequest[] = []
  const updater = fakeUpdater({
    async rollback(request) {
      asked.push(request)
      return { operationId: 'op-1', begun: Promise.resolve('ended' as const), outcome: Promise.resolve(result), finished: Promise.resolve() }
    },
  })
  return { app: freshApi({ updater }), asked }
}

describe('POST /update/rollback', () => {
  it('answers 200 with the UpdateResult when the earlier release serves', async () => {
    const { app, asked } = rollingBack(succeeded)
    const answer = await call(app, 'POST', '/update/rollback', { previous_sha: oldSha })
    expect(answer.statusCode).toBe(200)
    expectToMatch(answer.json(), updateResult)
    expect(asked).toStrictEqual([{ previousSha: oldSha, origin: 'api' }])
  })

  it('answers 500 with the UpdateResult when it did not work', async () => {
    const { app } = rollingBack(rolledBack)
    const answer = await call(app, 'POST', '/update/rollback', { previous_sha: oldSha })
    expect(answer.statusCode).toBe(500)
    expect(answer.json()).toMatchObject({ status: 'rolled_back' })
    expectToMatch(answer.json(), updateResult)
  })

  it('understands upper-case hex', async () => {
    const { app, asked } = rollingBack(succeeded)
    await call(app, 'POST', '/update/rollback', { previous_sha: 'ABCDEF1234'.repeat(4) })
    expect(asked[0]?.previousSha).toBe('abcdef1234'.repeat(4))
  })

  it('goes back to a stack that was adopted without a known commit', async () => {
    const { app, asked } = rollingBack(succeeded)
    const id = `adopted-${'a'.repeat(32)}`
    expect((await call(app, 'POST', '/update/rollback', { previous_sha: id })).statusCode).toBe(200)
    expect(asked[0]?.previousSha).toBe(id)
  })

  it.each([undefined, {}, { previous_sha: null }, { previous_sha: 'abc' }, { previous_sha: `${oldSha}0` }, { previous_sha: 'HEAD~1' }, { previous_sha: [oldSha] }])(
    'answers 400 that names previous_sha for %j',
    async (body) => {
      const answer = await call(freshApi(), 'POST', '/update/rollback', body)
      expect(answer.statusCode).toBe(400)
      expect(answer.json<{ error: string }>().error).toContain('previous_sha')
    },
  )

  it.each([
    ['unknown_commit', 404],
    ['in_progress', 409],
    ['observing', 503],
    ['shutting_down', 503],
  ] as const)('answers %s with %i', async (code, status) => {
    const app = freshApi({ updater: fakeUpdater({ rollback: () => Promise.reject(new UpdaterError(code, 'The reason.')) }) })
    const answer = await call(app, 'POST', '/update/rollback', { previous_sha: oldSha })
    expect(answer.statusCode).toBe(status)
    expect(answer.json()).toMatchObject({ code, error: 'The reason.', detail: 'The reason.' })
  })
})
