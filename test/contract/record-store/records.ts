import type { Hold, OpenOperation, UpdaterRecord } from '../../../src/rollout/model.ts'

const from = { tag: 'v1.0.0', version: '1.0.0', commit: 'a'.repeat(40) }
const target = { tag: 'v1.1.0', version: '1.1.0', commit: 'b'.repeat(40) }

/** An operation in the middle of its switch, every field in use. */
export const openOperation: OpenOperation = {
  id: 'op-1',
  kind: 'apply',
  origin: 'api',
  target,
  from,
  fromColor: 'blue',
  targetColor: 'green',
  phase: 'switching',
  step: 'route_switch',
  stepsCompleted: ['git_fetch_tags', 'docker_build'],
  warnings: ['an ümlaut and a "quote"'],
  startedAt: '2026-11-01T10:00:00.000Z',
  topology: {
    groups: [{
      name: 'skills',
      services: { blue: 'skills-blue', green: 'skills-green' },
      port: 8080,
      healthPath: '/health',
      entryPoint: 'skills',
      router: { rule: 'Host(`a.example`)', priority: 7, middlewares: ['auth'], tls: { options: 'strict' } },
    }],
    singletons: [{ name: 'bot', service: 'bot' }],
  },
  generations: { target: 'gen-2', back: 'gen-3' },
  singletonsBefore: [{ service: 'bot', containerId: 'c2', imageId: 'i2' }],
  failure: { code: 'unhealthy', cause: 'release', sentence: 'never healthy', step: 'health_skills' },
  pauseRequested: 'by hand',
  interruptions: 1,
  stoppedCleanly: false,
}

export const operatorHold: Hold = { reason: 'maintenance tonight', origin: 'operator', since: '2026-11-01T09:00:00.000Z' }

/** A settled record; `changes` makes it a particular one. */
export function recordOf(changes: Partial<UpdaterRecord> = {}): UpdaterRecord {
  return {
    sequence: 1,
    epoch: 1,
    activeColor: 'blue',
    active: from,
    lastGood: from,
    previous: [target],
    generation: 'gen-1',
    operation: null,
    holds: [],
    maintenance: null,
    topology: openOperation.topology,
    quarantine: [{ commit: target.commit, tag: target.tag, reason: 'never healthy', since: '2026-10-01T00:00:00.000Z' }],
    knownTags: { 'v1.0.0': from.commit, '10': target.commit, '9': from.commit, ['__proto__']: from.commit },
    failuresInARow: 0,
    lastBuildBytes: 1_234,
    lastResult: {
      operationId: 'op-0',
      status: 'success',
      previousSha: null,
      newSha: from.commit,
      activeColor: 'blue',
      targetColor: 'blue',
      paused: false,
      pauseReason: null,
      stepsCompleted: ['docker_build'],
      error: null,
      warnings: [],
      durationSeconds: 12.5,
      startedAt: '2026-10-01T00:00:00.000Z',
      completedAt: '2026-10-01T00:00:12.500Z',
    },
    lastCheckedAt: '2026-11-01T08:00:00.000Z',
    lastAttemptedTag: 'v1.0.0',
    lastSuccessAt: '2026-10-01T00:00:12.500Z',
    lastFailureAt: null,
    resumedAt: null,
    unknownKeys: {},
    ...changes,
  }
}
