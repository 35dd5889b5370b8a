import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { readDiskUsage } from '../../src/api/disk-usage.ts'
import { diagnostics } from '../../src/api/schemas.ts'
import type { Container } from '../../src/rollout/model.ts'
import type { Diagnostics } from '../../src/updater/service.ts'
import { call, freshApi } from './api.ts'
import { fakeUpdater, idleStatus, oldSha } from './fake-updater.ts'
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

function finding(found: Diagnostics) {
  const updater = fakeUpdater({ status: () => idleStatus, diagnostics: () => Promise.resolve(found) })
  return freshApi({ updater, diskUsage: () => readDiskUsage([tmpdir(), '/no/such/path']) })
}

describe('GET /diagnostics', () => {
  it('tells tree, containers, disk and the status', async () => {
    const app = finding({ tree: { kind: 'clone', commit: oldSha, ref: 'v1.0.0', clean: true }, containers: [container] })
    const answer = await call(app, 'GET', '/diagnostics')
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
    const app = finding({ tree: { kind: 'unknown', reason: 'git did not answer' }, containers: { error: 'the engine does not answer' } })
    const answer = await call(app, 'GET', '/diagnostics')
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toMatchObject({
      git_sha: null, git_ref: null, git_clean: false, git_problem: 'git did not answer', containers: [], containers_problem: 'the engine does not answer',
    })
    expectToMatch(answer.json(), diagnostics)
  })
})
