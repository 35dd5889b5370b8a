import { describe, expect, it } from 'vitest'
import { UpdaterError } from '../../src/rollout/errors.ts'
import type { ApplyRequest, Started } from '../../src/updater/service.ts'
import { call, freshApi } from './api.ts'
import { fakeUpdater, newSha, oldSha, rolledBack, succeeded } from './fake-updater.ts'

const good = { tag: 'v2.0.0', version: '2.0.0' }

function started(outcome: Started['outcome']): Promise<Started> {
  const begun = outcome.then(() => 'ended' as const)
  begun.catch(() => undefined) // a caller that asked for no early answer has none to handle
  return Promise.resolve({ operationId: 'op-1', begun, outcome, finished: Promise.resolve() })
}

/** An updater whose apply ends like this, and the requests that it got. */
function applying(outcome: () => Started['outcome']) {
  const asked: ApplyRequest[] = []
  const updater = fakeUpdater({
    apply(request) {
      asked.push(request)
      return started(outcome())
    },
  })
  return { app: freshApi({ updater }), asked }
}

function refusing(error: UpdaterError) {
  const apply = async (): Promise<Started> => {
    throw error
  }
  return freshApi({ updater: fakeUpdater({ apply }) })
}

describe.each(['/update', '/update/apply'])('POST %s', (path) => {
  it('answers 200 with the UpdateResult, key by key, when the commit point was reached', async () => {
    const { app, asked } = applying(() => Promise.resolve(succeeded))
    const answer = await call(app, 'POST', path, good)
    expect(answer.statusCode).toBe(200)
    expect(answer.headers['content-type']).toContain('application/json')
    expect(answer.json()).toStrictEqual({
      status: 'success',
      previous_sha: oldSha,
      new_sha: newSha,
      active_color: 'green',
      target_color: 'green',
      paused: false,
      pause_reason: null,
      steps_completed: ['git_fetch_tags', 'git_checkout_tag', 'docker_build', 'route_switch', 'commit'],
      error: null,
      duration_seconds: 41.5,
      started_at: '2026-11-21T12:00:00.000Z',
      completed_at: '2026-11-21T12:00:41.500Z',
      operation_id: 'op-1',
      warnings: ['the old color was slow to stop'],
    })
    expect(asked).toStrictEqual([{ tag: 'v2.0.0', version: '2.0.0', origin: 'api' }])
  })

  it.each([rolledBack, { ...rolledBack, status: 'failed' as const }])('answers 500 with the UpdateResult when it ended $status', async (result) => {
    const { app } = applying(() => Promise.resolve(result))
    const answer = await call(app, 'POST', path, good)
    expect(answer.statusCode).toBe(500)
    expect(answer.headers['content-type']).toContain('application/json')
    expect(answer.json()).toMatchObject({ status: result.status, active_color: 'blue', paused: true, pause_reason: rolledBack.pauseReason, error: rolledBack.error })
  })

  it('ignores further keys', async () => {
    const { app, asked } = applying(() => Promise.resolve(succeeded))
    expect((await call(app, 'POST', path, { ...good, release_notes: { html: '…' } })).statusCode).toBe(200)
    expect(asked).toStrictEqual([{ ...good, origin: 'api' }])
  })

  it.each([
    { what: 'no body at all', body: undefined, named: ['tag', 'version'] },
    { what: 'no tag', body: { version: '1.0.0' }, named: ['tag'] },
    { what: 'no version', body: { tag: 'v1.0.0' }, named: ['version'] },
    { what: 'an empty tag', body: { tag: '', version: '1.0.0' }, named: ['tag'] },
    { what: 'a tag that is no text', body: { tag: 1, version: '1.0.0' }, named: ['tag'] },
    { what: 'a version that is null', body: { tag: 'v1.0.0', version: null }, named: ['version'] },
    { what: 'a tag that git would take for an option', body: { tag: '--upload-pack=x', version: '1.0.0' }, named: ['tag'] },
    { what: 'a tag with a line break', body: { tag: 'v1.0.0\n', version: '1.0.0' }, named: ['tag'] },
    { what: 'a tag of 10,000 characters', body: { tag: 'v'.repeat(10_000), version: '1.0.0' }, named: ['tag'] },
    { what: 'a version with a shell command', body: { tag: 'v1.0.0', version: '$(id)' }, named: ['version'] },
  ])('fault 42: answers 400 that names the field for $what', async ({ body, named }) => {
    const answer = await call(freshApi(), 'POST', path, body)
    expect(answer.statusCode).toBe(400)
    expect(answer.json()).toMatchObject({ code: 'invalid_request', status: 400 })
    for (const field of named) expect(answer.json<{ error: string }>().error).toContain(field)
  })

  it.each([
    { body: '{"tag":', why: 'The body is not JSON' },
    { body: 'tag=v1.0.0&version=1.0.0', why: 'The body is not JSON' },
    { body: '"v1.0.0"', why: 'The body must be a JSON object' },
    { body: '[]', why: 'The body must be a JSON object' },
    { body: 'null', why: 'tag is missing' },
  ])('answers 400 for the body $body', async ({ body, why }) => {
    const answer = await call(freshApi(), 'POST', path, body, { 'content-type': 'application/json' })
    expect(answer.statusCode).toBe(400)
    expect(answer.json<{ error: string }>().error).toContain(why)
  })

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'nonsense', ''])('takes JSON under the content type "%s"', async (type) => {
    const { app } = applying(() => Promise.resolve(succeeded))
    expect((await call(app, 'POST', path, JSON.stringify(good), { 'content-type': type })).statusCode).toBe(200)
  })

  it('fault 42: answers 413 for a body above 64 KiB and takes nothing on', async () => {
    const answer = await call(freshApi(), 'POST', path, { ...good, notes: 'x'.repeat(70_000) })
    expect(answer.statusCode).toBe(413)
    expect(answer.json()).toMatchObject({ code: 'body_too_large', error: 'The body is larger than 64 KiB.' })
  })

  it.each([
    ['in_progress', 409, 'apply v1.9.0 is already in progress.'],
    ['paused', 423, 'Rollouts are paused: v1.9.0 never became healthy.'],
    ['observing', 503, 'The updater only observes: the state directory is on another mount.'],
    ['shutting_down', 503, 'The updater is shutting down.'],
  ] as const)('answers %s with %i and the reason', async (code, status, sentence) => {
    const answer = await call(refusing(new UpdaterError(code, sentence)), 'POST', path, good)
    expect(answer.statusCode).toBe(status)
    expect(answer.headers['content-type']).toContain('application/problem+json')
    expect(answer.json()).toStrictEqual({
      type: `urn:zetherion-updater:error:${code}`,
      title: expect.any(String),
      status,
      detail: sentence,
      error: sentence,
      code,
    })
  })

  it('answers 404 for a tag that the remote does not have', async () => {
    const { app } = applying(() => Promise.reject(new UpdaterError('unknown_tag', 'The remote has no tag v9.9.9.')))
    const answer = await call(app, 'POST', path, { tag: 'v9.9.9', version: '9.9.9' })
    expect(answer.statusCode).toBe(404)
    expect(answer.json()).toMatchObject({ code: 'unknown_tag', error: 'The remote has no tag v9.9.9.' })
  })

  it('answers 500 for a remote that cannot be reached', async () => {
    const { app } = applying(() => Promise.reject(new UpdaterError('remote_unreachable', 'The remote did not answer.')))
    expect((await call(app, 'POST', path, good)).statusCode).toBe(500)
  })

  it('answers an error that nobody foresaw without telling its inside', async () => {
    const { app } = applying(() => Promise.reject(new Error('connect /run/secret/path')))
    const answer = await call(app, 'POST', path, good)
    expect(answer.statusCode).toBe(500)
    expect(answer.json()).toMatchObject({ code: 'internal' })
    expect(answer.body).not.toContain('/run/secret/path')
  })
})
