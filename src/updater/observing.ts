import { judgeUpdater } from '../diagnosis/updater.ts'
import { UpdaterError } from '../rollout/errors.ts'
import type { UpdaterService } from './service.ts'
import { statusOf } from './status.ts'

/**
 * What the API is a plugin over when the settings cannot be used: it tells why, and refuses everything else, until
 * somebody mends them and starts the updater again.
 */
export function createObservingService(reason: string, uptimeSeconds: () => number): UpdaterService {
  const sentence = `The updater only observes: ${reason}`
  const refuse = (): Promise<never> => Promise.reject(new UpdaterError('observing', sentence))
  return {
    status: () => statusOf({
      record: null,
      busy: null,
      uptimeSeconds: uptimeSeconds(),
      observing: reason,
      pausedAnyway: sentence,
      findings: [reason],
      polling: { enabled: false, lastLookAt: null, nextLookAt: null, newest: null, outcome: null },
    }),
    history: () => Promise.resolve([]),
    operation: (id) => Promise.reject(new UpdaterError('unknown_operation', `There is no operation ${id}.`)),
    apply: refuse,
    rollback: refuse,
    unpause: refuse,
    pause: refuse,
    cancel: refuse,
    enterMaintenance: refuse,
    leaveMaintenance: refuse,
    diagnostics: async () => ({
      tree: { kind: 'unknown', reason },
      containers: { error: reason },
      findings: [{ check: 'updater', ...judgeUpdater({ uptimeSeconds: uptimeSeconds(), observing: reason, waiting: null }) }],
    }),
    reloadRoutes: refuse,
    subscribe: () => () => undefined,
  }
}
