import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { readDiskUsage } from '../../src/api/disk-usage.ts'
import { diagnostics, problem } from '../../src/api/schemas.ts'
import { checkIds, notChecked, ok, wrong, type Finding } from '../../src/diagnosis/finding.ts'
import type { Known } from '../../src/diagnosis/installation.ts'
import { UpdaterError } from '../../src/rollout/errors.ts'
import type { Container } from '../../src/rollout/model.ts'
import type { Diagnostics, UpdaterService } from '../../src/updater/service.ts'
import { call, freshApi } from './api.ts'
import { deferred } from './deferred.ts'
import { fakeUpdater, idleStatus, oldSha, openOperation } from './fake-updater.ts'
import { expectToMatch } from './schema.ts'

const container: Container = {
  id: 'c1',
  service: 'zetherion-ai-bot',
  state: 'running',
  health: 'healthy',
  imageId: 'sha256:1',
  commit: oldSha,
  address: '172.18.0.5',
  ports: {},
  restarts: 0,
  exitCode: null,
  startedAt: '2026-11-21T11:00:00.000Z',
}

const ofUpdater: readonly Finding[] = [{ check: 'updater', ...ok('The updater looks after the stack.') }, { check: 'reload', ...notChecked('It was not tried.', 'Ask with POST.') }]
const good: Diagnostics = {
  tree: { kind: 'clone', commit: oldSha, ref: 'v1.0.0', clean: true }, containers: [container], findings: ofUpdater,
}

function finding(found: Diagnostics, modelled: Partial<UpdaterService> = {}) {
  const updater = fakeUpdater({ status: () => idleStatus, diagnostics: () => Promise.resolve(found), ...modelled })
  return freshApi({
    updater,
    diskUsage: () => readDiskUsage([tmpdir(), '/no/such/path']),
    examine: () => Promise.resolve([{ check: 'engine', ...wrong('Docker does not answer.', 'Start it.') }]),
  })
}

describe('GET /diagnostics', () => {
  it('tells tree, containers, disk and the status', async () => {
    const answer = await call(finding(good), 'GET', '/diagnostics')
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toMatchObject({
      git_sha: oldSha,
      git_ref: 'v1.0.0',
      git_clean: true,
      git_problem: null,
      containers: [{ id: 'c1', service: 'zetherion-ai-bot', state: 'running', health: 'healthy', sha: oldSha, exit_code: null }],
      containers_problem: null,
      state: 'idle',
      active_color: 'blue',
      disk_usage: [
        { path: tmpdir(), total_bytes: expect.any(Number), free_bytes: expect.any(Number), used_percent: expect.any(Number), problem: null },
        { path: '/no/such/path', total_bytes: null, problem: expect.stringContaining('ENOENT') },
      ],
    })
    expectToMatch(answer.json(), diagnostics)
  })

  it('answers as far as it can when engine and tree cannot be asked', async () => {
    const app = finding({ ...good, tree: { kind: 'unknown', reason: 'git did not answer' }, containers: { error: 'the engine does not answer' } })
    const answer = await call(app, 'GET', '/diagnostics')
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toMatchObject({
      git_sha: null, git_ref: null, git_clean: false, git_problem: 'git did not answer', containers: [], containers_problem: 'the engine does not answer',
    })
    expectToMatch(answer.json(), diagnostics)
  })

  it('tells every check in one order, those of the updater and those of the machine, and has no new routes written', async () => {
    const answer = await call(finding(good), 'GET', '/diagnostics')
    expect(answer.json<{ checks: unknown }>().checks).toStrictEqual([
      { id: 'updater', verdict: 'ok', found: 'The updater looks after the stack.', advice: null },
      { id: 'engine', verdict: 'wrong', found: 'Docker does not answer.', advice: 'Start it.' },
      { id: 'reload', verdict: 'not_checked', found: 'It was not tried.', advice: 'Ask with POST.' },
    ])
    expect(checkIds.indexOf('updater')).toBeLessThan(checkIds.indexOf('engine'))
  })

  it('looks at the machine with what the record tells', async () => {
    const known: Known[] = []
    const app = freshApi({
      updater: fakeUpdater({ status: () => ({ ...idleStatus, operation: openOperation }), diagnostics: () => Promise.resolve(good) }),
      diskUsage: () => Promise.resolve([]),
      examine(told) {
        known.push(told)
        return Promise.resolve([])
      },
    })
    await call(app, 'GET', '/diagnostics')
    expect(known).toStrictEqual([{ operation: 'op-2', lastBuildBytes: 7 }])
  })

  it('looks at the machine while the updater looks at the stack: what hangs keeps nobody from being told of the rest', async () => {
    const held = deferred<Diagnostics>()
    const begun = deferred<string>()
    const app = freshApi({
      updater: fakeUpdater({ status: () => idleStatus, diagnostics: () => held.promise }),
      diskUsage: () => Promise.resolve([]),
      examine() {
        begun.resolve('begun')
        return Promise.resolve([])
      },
    })
    const answer = call(app, 'GET', '/diagnostics')
    expect(await begun.promise).toBe('begun')
    held.resolve(good)
    expect((await answer).statusCode).toBe(200)
  })

  it('looks once for all who ask meanwhile, and anew for who asks later', async () => {
    let looks = 0
    const held = deferred<Diagnostics>()
    const app = finding(good, {
      diagnostics() {
        looks += 1
        return held.promise
      },
    })
    const both = [call(app, 'GET', '/diagnostics'), call(app, 'GET', '/diagnostics')]
    held.resolve(good)
    for (const answer of await Promise.all(both)) expect(answer.statusCode).toBe(200)
    expect(looks).toBe(1)
    await call(app, 'GET', '/diagnostics')
    expect(looks).toBe(2)
  })
})

describe('POST /diagnostics', () => {
  it('has the routes written anew first, and tells what came of it', async () => {
    const by: string[] = []
    const app = finding(good, {
      async reloadRoutes(caller) {
        by.push(caller)
        return { check: 'reload', ...ok('Traefik took it.') }
      },
    })
    const answer = await call(app, 'POST', '/diagnostics')
    expect(answer.statusCode).toBe(200)
    expectToMatch(answer.json(), diagnostics)
    expect(answer.json<{ checks: unknown[] }>().checks.at(-1)).toStrictEqual({ id: 'reload', verdict: 'ok', found: 'Traefik took it.', advice: null })
    expect(by).toStrictEqual(['api 127.0.0.1'])
  })

  it.each([
    ['in_progress', 409, 'An operation is already in progress: apply v2.0.0.'],
    ['in_maintenance', 423, 'New routes would be written where somebody works by hand.'],
    ['observing', 503, 'The updater only observes.'],
  ] as const)('is refused for %s with %i and the reason', async (code, status, sentence) => {
    const answer = await call(finding(good, { reloadRoutes: () => Promise.reject(new UpdaterError(code, sentence)) }), 'POST', '/diagnostics')
    expect(answer.statusCode).toBe(status)
    expectToMatch(answer.json(), problem)
    expect(answer.json()).toMatchObject({ code, error: sentence })
  })
})
