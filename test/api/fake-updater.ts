import type { HistoryEntry, OpenOperation, UpdateResult } from '../../src/rollout/model.ts'
import type { Status, UpdaterService } from '../../src/updater/service.ts'

/** An updater that does only what a test says; everything else throws. */
export function fakeUpdater(modelled: Partial<UpdaterService> = {}): UpdaterService {
  const unmodelled = (method: string) => (): never => {
    throw new Error(`the test did not model ${method}`)
  }
  return {
    status: unmodelled('status'),
    history: unmodelled('history'),
    operation: unmodelled('operation'),
    apply: unmodelled('apply'),
    rollback: unmodelled('rollback'),
    unpause: unmodelled('unpause'),
    pause: unmodelled('pause'),
    cancel: unmodelled('cancel'),
    enterMaintenance: unmodelled('enterMaintenance'),
    leaveMaintenance: unmodelled('leaveMaintenance'),
    diagnostics: unmodelled('diagnostics'),
    reloadRoutes: unmodelled('reloadRoutes'),
    subscribe: unmodelled('subscribe'),
    ...modelled,
  }
}

export const oldSha = '1'.repeat(40)
export const newSha = '2'.repeat(40)

export const succeeded: UpdateResult = {
  operationId: 'op-1',
  status: 'success',
  previousSha: oldSha,
  newSha,
  activeColor: 'green',
  targetColor: 'green',
  paused: false,
  pauseReason: null,
  stepsCompleted: ['git_fetch_tags', 'git_checkout_tag', 'docker_build', 'route_switch', 'commit'],
  error: null,
  warnings: ['the old color was slow to stop'],
  durationSeconds: 41.5,
  startedAt: '2026-11-21T12:00:00.000Z',
  completedAt: '2026-11-21T12:00:41.500Z',
}

export const rolledBack: UpdateResult = {
  ...succeeded,
  status: 'rolled_back',
  activeColor: 'blue',
  paused: true,
  pauseReason: 'v2.0.0 never became healthy',
  error: 'zetherion-ai-skills-green did not become healthy within 90 s; v1.0.0 serves as before.',
}

export const historyEntry: HistoryEntry = { tag: 'v2.0.0', version: '2.0.0', result: succeeded, timestamp: '2026-11-21T12:00:41.500Z' }

export const openOperation: OpenOperation = {
  id: 'op-2',
  kind: 'apply',
  origin: 'api',
  target: { tag: 'v2.0.0', version: '2.0.0', commit: newSha },
  from: { tag: 'v1.0.0', version: '1.0.0', commit: oldSha },
  fromColor: 'blue',
  targetColor: 'green',
  phase: 'preparing',
  step: 'docker_build',
  stepsCompleted: ['git_fetch_tags', 'git_checkout_tag'],
  warnings: [],
  startedAt: '2026-11-21T12:00:00.000Z',
  topology: { groups: [], singletons: [] },
  generations: null,
  singletonsBefore: [],
  failure: null,
  pauseRequested: null,
  interruptions: 0,
  stoppedCleanly: false,
}

export const idleStatus: Status = {
  state: 'idle',
  currentOperation: null,
  operation: null,
  lastResult: null,
  uptimeSeconds: 12.5,
  activeColor: 'blue',
  active: { tag: 'v1.0.0', version: '1.0.0', commit: oldSha },
  previous: [],
  paused: false,
  pauseReason: null,
  holds: [],
  maintenance: null,
  quarantine: [],
  lastCheckedAt: null,
  lastAttemptedTag: null,
  lastGoodTag: 'v1.0.0',
  lastSuccessAt: null,
  lastFailureAt: null,
  resumedAt: null,
  observing: null,
  findings: [],
  polling: { enabled: false, lastLookAt: null, nextLookAt: null, newest: null, outcome: null },
  lastBuildBytes: 7,
}
