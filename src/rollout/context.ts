import type { GateSettings, Limits, Policy } from './limits.ts'
import type { Journal } from './journal.ts'
import type { Authority, Clock, ContainerRuntime, HealthProbe, HistoryStore, Log, Random, ReleaseSource, TrafficRouter } from './ports.ts'
import type { Topology } from './topology.ts'

/** The outside, as the core sees it. */
export interface Ports {
  readonly source: ReleaseSource
  readonly runtime: ContainerRuntime
  readonly router: TrafficRouter
  readonly probe: HealthProbe
  readonly history: HistoryStore
  readonly clock: Clock
  readonly random: Random
  readonly authority: Authority
  readonly log: Log
}

export interface CoreSettings {
  readonly topology: Topology
  readonly limits: Limits
  readonly gates: GateSettings
  readonly policy: Policy
}

/** What happened, for the timeline; the updater adds time and operation. */
export interface Happening {
  readonly kind: 'step_started' | 'step_completed' | 'step_failed' | 'phase' | 'undo_started' | 'progress'
  readonly step: string | null
  readonly message: string
  readonly durationMs: number | null
}

/** What looks and acts, with or without a record. */
export interface Reach {
  readonly ports: Ports
  readonly settings: CoreSettings
  /** Ends waits, gates and builds: cancel, pause, shutdown, the budget before the switch. */
  readonly signal: AbortSignal
  /**
   * Ends effects in hand (a rename, a stop, a compose call). A cancel or a clean stop does not abort it: what was begun is
   * finished and recorded. Only the limit of leaving does.
   */
  readonly effects: AbortSignal
}

/** What every step works with. */
export interface Context extends Reach {
  readonly journal: Journal
  tell(happening: Happening): void
}

/** The same context, its waits bounded by another signal. */
export function withSignal(context: Context, signal: AbortSignal): Context {
  return { ...context, signal }
}
