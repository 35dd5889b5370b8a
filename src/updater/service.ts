import type { Finding } from '../diagnosis/finding.ts'
import type { HistoryEntry, OpenOperation, Quarantine, TagRef, TreeState, UpdateResult } from '../rollout/model.ts'
import type { Container, Hold, Maintenance, Release } from '../rollout/model.ts'
import type { Color } from '../rollout/topology.ts'

/** Who asks, for the log and the record. */
export type Origin = 'api' | 'polling' | 'operator'

export interface ApplyRequest {
  readonly tag: string
  readonly version: string
  readonly origin: Origin
}

export interface RollbackRequest {
  /** 40 hex digits. */
  readonly previousSha: string
  readonly origin: Origin
}

/** An operation that was taken on. */
export interface Started {
  readonly operationId: string
  /** Resolves once it is durable that the operation is open, or that it has ended already; rejects as `outcome` does when nothing was attempted. */
  readonly begun: Promise<'open' | 'ended'>
  /**
   * Settles at the commit point, or when the operation was undone or refused.
   * Rejects with an UpdaterError of cause `request` (unknown_tag …) when nothing was attempted.
   */
  readonly outcome: Promise<UpdateResult>
  /** Settles when the operation is closed, the old color gone included. Never rejects. */
  readonly finished: Promise<void>
}

export type State = 'idle' | 'updating' | 'rolling_back'

/** What is told at any time without waiting (I11). */
export interface Status {
  readonly state: State
  /** `apply v1.2.3: docker_build`, or null. */
  readonly currentOperation: string | null
  readonly operation: OpenOperation | null
  readonly lastResult: UpdateResult | null
  readonly uptimeSeconds: number
  readonly activeColor: Color | null
  readonly active: Release | null
  readonly previous: readonly Release[]
  /** Holds stand, or maintenance mode, or the record cannot be read or only be looked at (I4); a running operation alone does not make it true. */
  readonly paused: boolean
  readonly pauseReason: string | null
  readonly holds: readonly Hold[]
  readonly maintenance: Maintenance | null
  readonly quarantine: readonly Quarantine[]
  readonly lastCheckedAt: string | null
  readonly lastAttemptedTag: string | null
  readonly lastGoodTag: string | null
  readonly lastSuccessAt: string | null
  readonly lastFailureAt: string | null
  readonly resumedAt: string | null
  /** Why no operation is taken on at all; null when that is not so. */
  readonly observing: string | null
  /** What is not as it should be, in sentences. */
  readonly findings: readonly string[]
  readonly polling: PollingStatus
  /** Space that the last builds took in the engine, bytes; 0 when unknown. */
  readonly lastBuildBytes: number
}

export interface PollingStatus {
  readonly enabled: boolean
  readonly lastLookAt: string | null
  readonly nextLookAt: string | null
  /** Newest release tag above what runs, whatever is done with it. */
  readonly newest: TagRef | null
  /** What the last look led to, in one sentence. */
  readonly outcome: string | null
}

export interface Diagnostics {
  readonly tree: TreeState | { readonly kind: 'unknown'; readonly reason: string }
  readonly containers: readonly Container[] | { readonly error: string }
  /** What the updater sees of the stack; the rest is looked at by whoever knows the machine. */
  readonly findings: readonly Finding[]
}

/** How one operation stands, for `GET /update/operations/<id>`. */
export type OperationView =
  | { readonly state: 'running'; readonly operation: OpenOperation }
  | { readonly state: 'ended'; readonly result: UpdateResult }
  | { readonly state: 'refused'; readonly error: Error }

/** A step or phase that began or ended; the timeline of a rollout. */
export interface RolloutEvent {
  /** ISO 8601 UTC. */
  readonly at: string
  readonly operationId: string
  readonly kind: 'opened' | 'step_started' | 'step_completed' | 'step_failed' | 'phase' | 'undo_started' | 'progress' | 'ended' | 'closed'
  readonly step: string | null
  readonly message: string
  /** Of a step that ended. */
  readonly durationMs: number | null
}

/** The one object the outside talks to. Every method rejects with UpdaterErrors only. */
export interface UpdaterService {
  status(): Status
  history(): Promise<HistoryEntry[]>
  /** @throws unknown_operation */
  operation(id: string): Promise<OperationView>
  /** @throws paused, in_maintenance, in_progress, observing, shutting_down */
  apply(request: ApplyRequest): Promise<Started>
  /** @throws in_progress, in_maintenance, unknown_commit, observing, shutting_down */
  rollback(request: RollbackRequest): Promise<Started>
  /** Runs recovery, then clears holds and counters. @throws in_progress, inconsistent, not_durable */
  unpause(by: string): Promise<void>
  /** A running rollout is undone (before the commit point) or finished first. @throws not_durable */
  pause(reason: string, by: string): Promise<void>
  /** @throws nothing_to_cancel, past_commit */
  cancel(by: string): Promise<void>
  /**
   * From now on nothing is started, stopped or routed, and no operation taken on, until it is left, restarts included. A
   * running rollout is undone (before the commit point) or finished first. @throws not_durable
   */
  enterMaintenance(reason: string, by: string): Promise<Maintenance>
  /** Looks at the stack at once, and sees to it again. @returns what is not as it should be. @throws not_durable */
  leaveMaintenance(by: string): Promise<readonly string[]>
  diagnostics(signal: AbortSignal): Promise<Diagnostics>
  /**
   * Writes the routes anew, the same colors under a new generation, and tells whether Traefik takes them on every entry point.
   * @throws in_progress, in_maintenance, observing, shutting_down
   */
  reloadRoutes(by: string): Promise<Finding>
  /** Tells events until the returned function is called. */
  subscribe(listener: (event: RolloutEvent) => void): () => void
}
