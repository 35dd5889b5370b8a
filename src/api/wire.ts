import type { Finding } from '../diagnosis/finding.ts'
import type { Container, HistoryEntry, Hold, Maintenance, OpenOperation, Quarantine, Release, TagRef, UpdateResult } from '../rollout/model.ts'
import { UpdaterError, sentenceOf } from '../rollout/errors.ts'
import type { Diagnostics, OperationView, PollingStatus, Status } from '../updater/service.ts'
import type {
  DiagnosticsAnswer, HistoryAnswer, OperationAnswer, StatusAnswer, UpdateResultAnswer, WireContainer, WireFinding, WireMaintenance, WireOperation, WireRelease,
} from './schemas.ts'

/*
 * Our own types to the contract's JSON and nothing else: the one place that knows both spellings.
 */

export function wireStatus(status: Status): StatusAnswer {
  return {
    state: status.state,
    current_operation: status.currentOperation,
    last_result: status.lastResult === null ? null : wireResult(status.lastResult),
    uptime_seconds: status.uptimeSeconds,
    active_color: status.activeColor,
    paused: status.paused,
    pause_reason: status.pauseReason,
    last_checked_at: status.lastCheckedAt,
    last_attempted_tag: status.lastAttemptedTag,
    last_good_tag: status.lastGoodTag,
    last_success_at: status.lastSuccessAt,
    last_failure_at: status.lastFailureAt,
    resumed_at: status.resumedAt,
    operation: status.operation === null ? null : wireOperation(status.operation),
    active: status.active === null ? null : wireRelease(status.active),
    previous: status.previous.map(wireRelease),
    holds: status.holds.map(({ reason, origin, since }: Hold) => ({ reason, origin, since })),
    maintenance: status.maintenance === null ? null : wireMaintenance(status.maintenance),
    quarantine: status.quarantine.map(({ commit, tag, reason, since }: Quarantine) => ({ commit, tag, reason, since })),
    observing: status.observing,
    findings: [...status.findings],
    polling: wirePolling(status.polling),
  }
}

export function wireResult(result: UpdateResult): UpdateResultAnswer {
  return {
    status: result.status,
    previous_sha: result.previousSha,
    new_sha: result.newSha,
    active_color: result.activeColor,
    target_color: result.targetColor,
    paused: result.paused,
    pause_reason: result.pauseReason,
    steps_completed: [...result.stepsCompleted],
    error: result.error,
    duration_seconds: result.durationSeconds,
    started_at: result.startedAt,
    completed_at: result.completedAt,
    operation_id: result.operationId,
    warnings: [...result.warnings],
  }
}

export function wireHistory(entries: readonly HistoryEntry[]): HistoryAnswer {
  return { entries: entries.map(({ tag, version, result, timestamp }) => ({ tag, version, result: wireResult(result), timestamp })) }
}

export function wireOperationView(view: OperationView): OperationAnswer {
  switch (view.state) {
    case 'running':
      return { state: 'running', operation: wireOperation(view.operation), result: null, error: null, code: null }
    case 'ended':
      return { state: 'ended', operation: null, result: wireResult(view.result), error: view.result.error, code: null }
    case 'refused':
      return {
        state: 'refused',
        operation: null,
        result: null,
        error: sentenceOf(view.error),
        code: view.error instanceof UpdaterError ? view.error.code : 'internal',
      }
  }
}

/** `git_clean` is a boolean also when nothing is known of the tree: then it is false, and `git_problem` says why. */
export function wireDiagnostics(
  diagnostics: Diagnostics, findings: readonly Finding[], status: Status, diskUsage: DiagnosticsAnswer['disk_usage'],
): DiagnosticsAnswer {
  const { tree, containers } = diagnostics
  return {
    ...wireStatus(status),
    git_sha: tree.kind === 'clone' ? tree.commit : null,
    git_ref: tree.kind === 'clone' ? tree.ref : null,
    git_clean: tree.kind === 'clone' && tree.clean,
    git_problem: tree.kind === 'clone' ? null : tree.reason,
    containers: 'error' in containers ? [] : containers.map(wireContainer),
    containers_problem: 'error' in containers ? containers.error : null,
    checks: findings.map(wireFinding),
    disk_usage: diskUsage,
  }
}

export function wireMaintenance({ reason, by, since }: Maintenance): WireMaintenance {
  return { reason, by, since }
}

function wireFinding({ check, verdict, found, advice }: Finding): WireFinding {
  return { id: check, verdict, found, advice }
}

function wireOperation(operation: OpenOperation): WireOperation {
  return {
    id: operation.id,
    kind: operation.kind,
    origin: operation.origin,
    target: wireRelease(operation.target),
    from: wireRelease(operation.from),
    from_color: operation.fromColor,
    target_color: operation.targetColor,
    phase: operation.phase,
    step: operation.step,
    steps_completed: [...operation.stepsCompleted],
    warnings: [...operation.warnings],
    started_at: operation.startedAt,
    error: operation.failure?.sentence ?? null,
    pause_requested: operation.pauseRequested,
    interruptions: operation.interruptions,
  }
}

function wireRelease({ tag, version, commit }: Release): WireRelease {
  return { tag, version, sha: commit }
}

function wirePolling(polling: PollingStatus): StatusAnswer['polling'] {
  return {
    enabled: polling.enabled,
    last_look_at: polling.lastLookAt,
    next_look_at: polling.nextLookAt,
    newest: polling.newest === null ? null : wireTag(polling.newest),
    outcome: polling.outcome,
  }
}

function wireTag({ tag, commit }: TagRef): { tag: string; sha: string } {
  return { tag, sha: commit }
}

function wireContainer(container: Container): WireContainer {
  return {
    id: container.id,
    service: container.service,
    state: container.state,
    health: container.health,
    image_id: container.imageId,
    sha: container.commit,
    restarts: container.restarts,
    exit_code: container.exitCode,
    started_at: container.startedAt,
  }
}
