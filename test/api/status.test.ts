import { describe, expect, it } from 'vitest'
import { status } from '../../src/api/schemas.ts'
import { call, freshApi } from './api.ts'
import { fakeUpdater, idleStatus, newSha, oldSha, openOperation, rolledBack } from './fake-updater.ts'
import { expectToMatch } from './schema.ts'

describe('GET /status', () => {
  it('has every key of the contract when nothing has happened yet', async () => {
    const app = freshApi({ updater: fakeUpdater({ status: () => idleStatus }) })
    const answer = await call(app, 'GET', '/status')
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toMatchObject({
      state: 'idle',
      current_operation: null,
      last_result: null,
      uptime_seconds: 12.5,
      active_color: 'blue',
      paused: false,
      pause_reason: null,
      last_checked_at: null,
      last_attempted_tag: null,
      last_good_tag: 'v1.0.0',
      active: { tag: 'v1.0.0', version: '1.0.0', sha: oldSha },
    })
    expectToMatch(answer.json(), status)
  })

  it('tells what runs, what holds and what polling saw in the middle of a rollout', async () => {
    const updater = fakeUpdater({
      status: () => ({
        ...idleStatus,
        state: 'updating',
        currentOperation: 'apply v2.0.0: docker_build',
        operation: openOperation,
        lastResult: rolledBack,
        previous: [{ tag: 'v0.9.0', version: '0.9.0', commit: '3'.repeat(40) }],
        paused: true,
        pauseReason: 'an operator said so',
        holds: [{ reason: 'an operator said so', origin: 'operator', since: '2026-11-21T11:00:00.000Z' }],
        quarantine: [{ commit: newSha, tag: 'v2.0.0', reason: 'unhealthy', since: '2026-11-21T11:00:00.000Z' }],
        lastCheckedAt: '2026-11-21T11:59:00.000Z',
        findings: ['The bot was restarted.'],
        polling: {
          enabled: true,
          lastLookAt: '2026-11-21T11:59:00.000Z',
          nextLookAt: '2026-11-21T12:14:00.000Z',
          newest: { tag: 'v2.0.0', commit: newSha },
          outcome: 'v2.0.0 is quarantined',
        },
      }),
    })
    const answer = await call(freshApi({ updater }), 'GET', '/status')
    expect(answer.json()).toMatchObject({
      state: 'updating',
      current_operation: 'apply v2.0.0: docker_build',
      last_result: { status: 'rolled_back', error: rolledBack.error },
      paused: true,
      pause_reason: 'an operator said so',
      last_checked_at: '2026-11-21T11:59:00.000Z',
      operation: { id: 'op-2', phase: 'preparing', step: 'docker_build', steps_completed: ['git_fetch_tags', 'git_checkout_tag'] },
      polling: { enabled: true, next_look_at: '2026-11-21T12:14:00.000Z', newest: { tag: 'v2.0.0', sha: newSha } },
      findings: ['The bot was restarted.'],
    })
    expectToMatch(answer.json(), status)
  })

  it('can be read while the updater only observes, and says why it does', async () => {
    const updater = fakeUpdater({ status: () => ({ ...idleStatus, activeColor: null, active: null, observing: 'the settings are wrong' }) })
    const answer = await call(freshApi({ updater }), 'GET', '/status')
    expect(answer.json()).toMatchObject({ observing: 'the settings are wrong', active_color: null, active: null })
    expectToMatch(answer.json(), status)
  })
})
