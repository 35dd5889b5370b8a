import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClient } from '../../../demo/stack/client.ts'
import { begin, type Story } from './story.ts'
import { at, eventually } from './waiting.ts'

let story: Story
const commitOf = (tag: string): string => story.stack.project.release(tag).commit
const apply = (tag: string, headers?: Record<string, string>) => story.stack.updater.post('/update/apply', { tag, version: tag.slice(1) }, headers)
const history = async (): Promise<unknown[]> => {
  const { entries } = (await story.stack.updater.get('/update/history')).body
  return Array.isArray(entries) ? entries : []
}

beforeAll(async () => {
  story = await begin({ limits: { drain: '1s' } })
  story.startLoad()
  await story.start()
  await story.rest()
})
afterAll(() => story.end())

const stepsTo = (color: 'blue' | 'green'): string[] => [
  'git_fetch_tags', 'git_checkout_tag', 'preflight', 'docker_build',
  `start_zetherion-ai-skills-${color}`, `health_zetherion-ai-skills-${color}`, `start_zetherion-ai-api-${color}`, `health_zetherion-ai-api-${color}`,
  'health_preview_skills', 'health_preview_api', 'route_switch', 'health_routed_skills', 'health_routed_api',
  'restart_bot', 'health_bot', 'commit',
]
const afterCommit = ['drain', 'stop_old_color', 'update_tree']
const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)

describe('a release that skills asks for', () => {
  it('is answered to the color that retires by it, at the commit point', async () => {
    await story.stack.project.publish('v1.1.0')
    const answer = await story.stack.skills.post('/update/apply', { tag: 'v1.1.0', version: '1.1.0', asked_by: 'a further key' })

    expect(answer).toMatchObject({ status: 200, body: {
      status: 'success', previous_sha: commitOf('v1.0.0'), new_sha: commitOf('v1.1.0'), active_color: 'green', target_color: 'green',
      paused: false, pause_reason: null, error: null, duration_seconds: expect.any(Number), started_at: iso, completed_at: iso,
    } })
    expect(answer.body['steps_completed']).toEqual(stepsTo('green'))
    expect(await story.status()).toMatchObject({ state: 'updating', active_color: 'green' })
  })

  it('has the old color retired, the tree brought along and the whole of it in the history afterwards', async () => {
    await story.rest()
    expect(await story.stack.project.git('rev-parse', 'HEAD')).toBe(commitOf('v1.1.0'))
    expect(await story.stack.project.git('status', '--porcelain')).toBe('')
    expect(await history()).toMatchObject([
      { tag: 'v1.1.0', version: '1.1.0', timestamp: iso, result: { status: 'success', steps_completed: [...stepsTo('green'), ...afterCommit], warnings: [] } },
    ])
  })

  it('is told by the state file in the keys that older readers know', async () => {
    expect(await story.state()).toMatchObject({
      active_color: 'green', last_good_tag: 'v1.1.0', paused: false, pause_reason: null, last_checked_at: null,
      last_attempted_tag: 'v1.1.0', last_success_at: iso, last_failure_at: null, resumed_at: null,
    })
  })

  it('is answered as a success without steps when it runs already', async () => {
    expect(await apply('v1.1.0')).toMatchObject({ status: 200, body: { status: 'success', steps_completed: [], active_color: 'green', new_sha: commitOf('v1.1.0') } })
  })
})

describe('a call that names nothing', () => {
  it('is 404 for an unknown tag or commit and leaves the state file as it is', async () => {
    const before = await story.stateText()
    const tag = await apply('v9.9.9')
    const commit = await story.stack.updater.post('/update/rollback', { previous_sha: 'a'.repeat(40) })
    const unwaited = await apply('v9.9.9', { prefer: 'respond-async' })

    expect(tag).toMatchObject({ status: 404, body: { error: expect.stringContaining('v9.9.9') } })
    expect(commit).toMatchObject({ status: 404, body: { error: expect.stringContaining('a'.repeat(40)) } })
    expect(unwaited).toMatchObject({ status: 404, body: { code: 'unknown_tag' } })
    expect(await story.stateText()).toBe(before)
    expect(await history()).toHaveLength(1)
  })

  it.each([
    ['/update/apply', {}, 'tag'],
    ['/update', { tag: 'v1.1.0' }, 'version'],
    ['/update/apply', { tag: 'v1.1.0', version: '' }, 'version'],
    ['/update/apply', { tag: 'latest', version: '1.1.0' }, 'tag'],
    ['/update/apply', { tag: '--upload-pack=touch', version: '1.1.0' }, 'tag'],
    ['/update/apply', { tag: '../../v1.1.0', version: '1.1.0' }, 'tag'],
    ['/update/apply', { tag: { name: 'v1.1.0' }, version: '1.1.0' }, 'tag'],
    ['/update/apply', ['v1.1.0'], 'body'],
    ['/update/rollback', {}, 'previous_sha'],
    ['/update/rollback', { previous_sha: 'c0ffee' }, 'previous_sha'],
    ['/update/pause', {}, 'reason'],
  ])('is 400 for %s with %j and names %s', async (path, body, field) => {
    const answer = await story.stack.updater.post(path, body)
    expect(answer).toMatchObject({ status: 400, body: { error: expect.stringMatching(new RegExp(`\\b${field}\\b`)), detail: answer.body['error'] } })
    expect(answer.headers['content-type']).toContain('application/problem+json')
  })

  it('is 400 for a body that is no JSON', async () => {
    const answer = await request(`${story.stack.daemon().url}/update/apply`, {
      method: 'POST', body: '{"tag": ', headers: { 'content-type': 'application/json', 'x-updater-secret': story.stack.secret },
    })
    expect(answer.statusCode).toBe(400)
    expect(await answer.body.json()).toMatchObject({ error: expect.stringContaining('JSON') })
  })
})

describe('a rollout that nobody waits for', () => {
  it('answers at once where that is preferred, lets no second one in, has a slow call end on the old color, and tells its end at its address', async () => {
    await story.stack.project.publish('v1.6.0')
    const begunOnTheOldColor = story.stack.skills.get('/slow?ms=6000')
    const accepted = await apply('v1.6.0', { prefer: 'respond-async' })
    const second = await apply('v1.1.0')
    const rollback = await story.stack.updater.post('/update/rollback', { previous_sha: commitOf('v1.0.0') })
    const unpause = await story.stack.updater.post('/update/unpause')

    expect(accepted).toMatchObject({ status: 202, body: { status: 'accepted' } })
    for (const answer of [second, rollback, unpause]) expect(answer).toMatchObject({ status: 409, body: { error: expect.stringContaining('already in progress') } })
    expect(await begunOnTheOldColor).toMatchObject({ status: 200, body: { waited_ms: 6000 } })
    await story.rest()
    expect((await story.stack.updater.get(String(accepted.headers['location']))).body).toMatchObject({
      state: 'ended', result: { status: 'success', new_sha: commitOf('v1.6.0'), steps_completed: [...stepsTo('blue'), ...afterCommit] },
    })
  })

  it('goes on when its client hangs up', async () => {
    await story.stack.project.publish('v1.7.0')
    const building = story.step('docker_build')
    const hangUp = new AbortController()
    const asked = request(`${story.stack.daemon().url}/update/apply`, {
      method: 'POST', signal: hangUp.signal, body: JSON.stringify({ tag: 'v1.7.0', version: '1.7.0' }),
      headers: { 'content-type': 'application/json', 'x-updater-secret': story.stack.secret },
    })
    await Promise.all([expect(asked).rejects.toThrow('hung up'), building().then(() => hangUp.abort(new Error('hung up')))])
    await eventually('the rollout being open', async () => ((await story.status())['state'] === 'updating' ? true : null))
    await story.rest()
    expect(await story.status()).toMatchObject({ active: { tag: 'v1.7.0' }, last_result: { status: 'success' } })
  })
})

describe('an operator in the middle of a rollout', () => {
  it('has it undone by a pause before the commit point, and every later apply refused with the reason', async () => {
    const building = story.step('docker_build')
    const asked = apply('v1.6.0')
    await building()
    const paused = await story.stack.updater.post('/update/pause', { reason: 'The database is being moved.' })
    const idle = await story.status()

    expect(paused).toMatchObject({ status: 200, body: { paused: true } })
    expect(idle).toMatchObject({ state: 'idle', paused: true, pause_reason: 'The database is being moved.', active: { tag: 'v1.7.0' } })
    expect(await asked).toMatchObject({ status: 500, body: { status: 'failed', paused: true, pause_reason: 'The database is being moved.', active_color: 'green' } })
    expect(await apply('v1.6.0')).toMatchObject({ status: 423, body: { error: expect.stringMatching(/paused.*The database is being moved\./) } })
    await story.rest()
  })

  it('rolls back while paused, which pauses no less and quarantines what was left', async () => {
    const answer = await story.stack.skills.post('/update/rollback', { previous_sha: commitOf('v1.6.0') })
    expect(answer).toMatchObject({ status: 200, body: { status: 'success', previous_sha: commitOf('v1.7.0'), new_sha: commitOf('v1.6.0'), paused: true } })
    await story.rest()
    expect((await history()).at(-1)).toMatchObject({ tag: `rollback:${commitOf('v1.6.0').slice(0, 12)}`, version: 'rollback', result: { status: 'success' } })
    expect(await story.status()).toMatchObject({ paused: true, active: { sha: commitOf('v1.6.0') }, quarantine: [{ tag: 'v1.7.0' }] })
    expect(await story.stack.project.git('rev-parse', 'HEAD')).toBe(commitOf('v1.6.0'))
  })

  it('resumes, durably', async () => {
    expect(await story.stack.updater.post('/update/unpause')).toMatchObject({ status: 200, body: { resumed: true, status: 'ok' } })
    expect(await story.state()).toMatchObject({ paused: false, pause_reason: null, resumed_at: iso })
  })

  it('cancels it before the commit point: the traffic is back and nothing is paused', async () => {
    const switching = story.step('route_switch')
    const asked = apply('v1.7.0')
    await switching()
    const cancelled = await story.stack.updater.post('/update/cancel')
    expect(cancelled.status).toBe(202)
    expect(await asked).toMatchObject({ status: 500, body: { status: 'rolled_back', paused: false, active_color: 'blue', error: expect.stringContaining('ancelled') } })
    await story.rest()
    expect(await story.status()).toMatchObject({ paused: false, active: { sha: commitOf('v1.6.0') } })
  })

  it('can no longer cancel after the commit point, and a pause then waits for the end', async () => {
    const draining = story.step('drain')
    const answered = apply('v1.7.0')
    await draining()
    const cancelled = await story.stack.updater.post('/update/cancel')
    const paused = await story.stack.updater.post('/update/pause', { reason: 'Enough for today.' })
    const after = await story.status()

    expect(cancelled).toMatchObject({ status: 409, body: { error: expect.stringContaining('commit point') } })
    expect(paused.status).toBe(200)
    expect(await answered).toMatchObject({ status: 200, body: { status: 'success' } })
    expect(after).toMatchObject({ state: 'idle', paused: true, active: { tag: 'v1.7.0' }, quarantine: [] })
    await story.rest()
    expect((await story.stack.updater.post('/update/cancel')).status).toBe(409)
  })
})

describe('the shared secret', () => {
  it('can be rotated without a restart, for the updater and for skills', async () => {
    const file = join(story.stack.project.state, 'secret/.updater-secret')
    await writeFile(`${file}.next`, 'another secret\n', { mode: 0o644 })
    await rename(`${file}.next`, file)

    expect(await story.stack.updater.get('/status')).toMatchObject({ status: 401, body: { error: 'Unauthorized' } })
    expect((await createClient(() => story.stack.daemon().url, 'another secret').get('/status')).status).toBe(200)
    expect((await story.stack.skills.get('/update/status')).status).toBe(200)
  })
})

describe('all of this', () => {
  it('failed no request, had every release serve in turn and never two bots', async () => {
    const { failed, sent, served: spans } = await story.loadUntilNow()
    expect(failed).toEqual([])
    expect(sent).toBeGreaterThan(100)
    // By first answers: one that was in flight on the old color may come after the first of the new one.
    const served = new Set(spans.filter(({ target }) => target === 'skills').map(({ release }) => release))
    expect([...served]).toEqual(['v1.0.0', 'v1.1.0', 'v1.6.0', 'v1.7.0'])
    expect(at(await story.stack.gateway(), 'overlaps')).toBe(0)
  })
})
