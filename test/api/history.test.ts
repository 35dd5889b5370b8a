import { describe, expect, it } from 'vitest'
import { history } from '../../src/api/schemas.ts'
import { call, freshApi } from './api.ts'
import { fakeUpdater, historyEntry, oldSha, rolledBack } from './fake-updater.ts'
import { expectToMatch } from './schema.ts'

describe('GET /update/history', () => {
  it('tells every entry in the order that it is given, with its UpdateResult', async () => {
    const rollback = { tag: `rollback:${oldSha.slice(0, 12)}`, version: 'rollback', result: rolledBack, timestamp: '2026-11-21T13:00:00.000Z' }
    const app = freshApi({ updater: fakeUpdater({ history: () => Promise.resolve([historyEntry, rollback]) }) })
    const answer = await call(app, 'GET', '/update/history')
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toMatchObject({
      entries: [
        { tag: 'v2.0.0', version: '2.0.0', result: { status: 'success', operation_id: 'op-1' }, timestamp: '2026-11-21T12:00:41.500Z' },
        { tag: 'rollback:111111111111', version: 'rollback', result: { status: 'rolled_back' } },
      ],
    })
    expectToMatch(answer.json(), history)
  })

  it('is an empty list at first', async () => {
    const app = freshApi({ updater: fakeUpdater({ history: () => Promise.resolve([]) }) })
    expect((await call(app, 'GET', '/update/history')).json()).toStrictEqual({ entries: [] })
  })
})
