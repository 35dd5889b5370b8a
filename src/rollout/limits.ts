/** Every wait of a rollout, in milliseconds; all are settings (`limits` in config/updater.yml). */
export interface Limits {
  /** One git command. */
  readonly git: number
  /** Everything before the switch, the build included. The skills client gives up after 15 minutes. */
  readonly beforeSwitch: number
  /** Compose creating and starting containers. */
  readonly start: number
  readonly directHealth: number
  readonly previewHealth: number
  readonly routedHealth: number
  readonly singletonHealth: number
  /** A singleton without a health check counts as healthy after running this long without a restart. */
  readonly singletonSettled: number
  /** Wait for one answer of a health endpoint. */
  readonly probe: number
  /** Between the confirmation of the last generation and the stop of the old color. */
  readonly drain: number
  /** SIGTERM → SIGKILL of a container. */
  readonly stop: number
  /** One call to the engine. */
  readonly engineCall: number
  /** Leaving after SIGTERM. */
  readonly shutdown: number
}

/** How gates ask and when they are content. */
export interface GateSettings {
  /** Healthy answers in a row that a gate wants (fault 30). */
  readonly inARow: number
  /** Pause after a healthy answer that is not the last one wanted, ms. */
  readonly between: number
  /** First pause after an unhealthy answer, ms; doubles up to `slowest`. */
  readonly quickest: number
  readonly slowest: number
}

/** What decides about pauses, retention and the watch. */
export interface Policy {
  /** Pause after a failed attempt that the release caused (`AUTO_UPDATE_PAUSE_ON_FAILURE`). */
  readonly pauseOnFailure: boolean
  /** Failures by the surroundings in a row after which rollouts pause. */
  readonly surroundingsBeforePause: number
  /** Good releases kept, the active one included. */
  readonly keepReleases: number
  /** How long a standby may run without being routed before it is stopped, ms (R17). */
  readonly standbyGrace: number
  /** How long a service must have been down, nothing changing about it, before it is started again, ms (R16): who restarts it by hand is not raced. */
  readonly fallenGrace: number
  /** Starts of a fallen service within `restartWindow` that did not hold for a minute before the updater only reports it (R16). */
  readonly restarts: number
  readonly restartWindow: number
}

/** The defaults of design.md, "Time limits". */
export const defaultLimits: Limits = {
  git: 120_000,
  beforeSwitch: 14 * 60_000,
  start: 60_000,
  directHealth: 90_000,
  previewHealth: 30_000,
  routedHealth: 30_000,
  singletonHealth: 120_000,
  singletonSettled: 10_000,
  probe: 5_000,
  drain: 10_000,
  stop: 30_000,
  engineCall: 30_000,
  shutdown: 60_000,
}

/** Probe at once, then every 250 ms backing off to 2 s; three healthy answers in a row. */
export const defaultGates: GateSettings = { inARow: 3, between: 50, quickest: 250, slowest: 2_000 }

export const defaultPolicy: Policy = {
  pauseOnFailure: true,
  surroundingsBeforePause: 3,
  keepReleases: 3,
  standbyGrace: 60_000,
  fallenGrace: 3_000,
  restarts: 3,
  restartWindow: 10 * 60_000,
}
