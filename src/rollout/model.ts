import type { Cause, ErrorCode } from './errors.ts'
import type { Color, Topology } from './topology.ts'

/**
 * A tag and the commit it names. `commit` is 40 hex digits; a stack that was found running without a known commit gets
 * `adopted-` and 32 hex digits, so that images, checkouts and the way back work for it like for any other release.
 */
export interface Release {
  readonly tag: string
  /** What the caller calls it (`1.2.3`). */
  readonly version: string
  readonly commit: string
}

/** A release tag as the remote lists it, peeled to its commit. */
export interface TagRef {
  readonly tag: string
  readonly commit: string
}

/** Where an operation stands. Before the commit point (end of `swapping`) it is only ever undone, after it only finished. */
export type Phase = 'preparing' | 'switching' | 'swapping' | 'retiring'

/** A reason why rollouts are paused. Cleared by nobody but a caller of unpause (I4). */
export interface Hold {
  readonly reason: string
  /** `operator`, or the code of the failure that led to it. */
  readonly origin: 'operator' | ErrorCode | 'recovery'
  /** ISO 8601 UTC. */
  readonly since: string
}

/** An operator works on the stack by hand: nothing is started, stopped or routed meanwhile, and no operation is taken on. */
export interface Maintenance {
  readonly reason: string
  /** Who asked, as far as that is known. */
  readonly by: string
  /** ISO 8601 UTC. */
  readonly since: string
}

/** Why an operation turned round; durable as far as storage allowed. */
export interface Failure {
  readonly code: ErrorCode
  readonly cause: Cause
  /** One sentence on its first line, then the last output lines of what failed. */
  readonly sentence: string
  /** Step in which it happened. */
  readonly step: string | null
}

/** A singleton's container at the moment when the operation was opened. */
export interface SingletonBefore {
  readonly service: string
  readonly containerId: string
  readonly imageId: string
  /** What it runs where that is another release than the rest: put back beside a color that had to be kept (R10). */
  readonly release?: Release
}

/** The three written versions of the routes file that a rollout deals with, by their generation tokens. */
export interface Generations {
  /** The generation that serves the target color. */
  readonly target: string
  /** The prepared way back: the old color again, staged and fsynced before the switch. */
  readonly back: string
}

/** A rollout or rollback that has begun and is not closed. It authorises its whole undo without another write (I7). */
export interface OpenOperation {
  readonly id: string
  readonly kind: 'apply' | 'rollback'
  /** Who asked: `api`, `polling`, `operator`. */
  readonly origin: string
  readonly target: Release
  readonly from: Release
  readonly fromColor: Color
  readonly targetColor: Color
  readonly phase: Phase
  /** Step whose effect may be under way: the intent. */
  readonly step: string | null
  readonly stepsCompleted: readonly string[]
  readonly warnings: readonly string[]
  /** ISO 8601 UTC. */
  readonly startedAt: string
  /** Topology of that moment: settings may change between a crash and the next start. */
  readonly topology: Topology
  readonly generations: Generations | null
  readonly singletonsBefore: readonly SingletonBefore[]
  /** Set once the operation has turned round. */
  readonly failure: Failure | null
  /** A pause that was asked for while it ran; becomes a hold at its end. */
  readonly pauseRequested: string | null
  /** How often a daemon found it open at start, a clean SIGTERM not counted (fault 9). */
  readonly interruptions: number
  /** Set by a clean stop, so that the next start does not count it as an interruption (fault 43). */
  readonly stoppedCleanly: boolean
}

/** The outcome of an operation; the wire form is in api-contract.md. */
export interface UpdateResult {
  readonly operationId: string
  readonly status: 'success' | 'failed' | 'rolled_back'
  readonly previousSha: string | null
  readonly newSha: string | null
  /** What serves now. */
  readonly activeColor: Color
  readonly targetColor: Color
  readonly paused: boolean
  readonly pauseReason: string | null
  readonly stepsCompleted: readonly string[]
  readonly error: string | null
  readonly warnings: readonly string[]
  readonly durationSeconds: number
  readonly startedAt: string
  readonly completedAt: string
}

/** One line of the history. A later line with the same `operationId` in its result replaces an earlier one. */
export interface HistoryEntry {
  readonly tag: string
  readonly version: string
  readonly result: UpdateResult
  readonly timestamp: string
}

/** A commit that polling leaves alone. */
export interface Quarantine {
  readonly commit: string
  readonly tag: string
  readonly reason: string
  readonly since: string
}

/** The settled facts and the open operation, replaced as a whole under one sequence number. */
export interface UpdaterRecord {
  /** Grows by one with every write. */
  readonly sequence: number
  /** Which daemon wrote it: raised by each one that takes over (I5). */
  readonly epoch: number
  readonly activeColor: Color
  /** What runs. */
  readonly active: Release
  /** The last release that reached its commit point; null before the first. */
  readonly lastGood: Release | null
  /** Good releases, newest first, without the active one; the first is what "previous" means. Bounded by the keep-set. */
  readonly previous: readonly Release[]
  /** Generation of the routes file that we last brought into force; null while a predecessor's file serves. */
  readonly generation: string | null
  readonly operation: OpenOperation | null
  readonly holds: readonly Hold[]
  /** Null: the stack is ours to look after. Set and left by callers only. */
  readonly maintenance: Maintenance | null
  readonly quarantine: readonly Quarantine[]
  /** Tag → commit as first seen: a moved tag is refused (fault 39). */
  readonly knownTags: Readonly<Record<string, string>>
  /** Failures by the surroundings or interruptions in a row. */
  readonly failuresInARow: number
  /** Space that the last builds took in the engine, bytes; 0 when unknown. */
  readonly lastBuildBytes: number
  readonly lastResult: UpdateResult | null
  readonly lastCheckedAt: string | null
  readonly lastAttemptedTag: string | null
  readonly lastSuccessAt: string | null
  readonly lastFailureAt: string | null
  readonly resumedAt: string | null
  /** Keys of the file that we do not know: kept as they are. */
  readonly unknownKeys: Readonly<Record<string, unknown>>
  /** Topology by which the active release was rolled out: settings may name other services since. Null before the first rollout. */
  readonly topology: Topology | null
}

/** What a file of the predecessor holds (api-contract.md, "State file"). Absent keys are null. */
export interface PredecessorState {
  readonly activeColor: Color | null
  readonly lastGoodTag: string | null
  readonly paused: boolean
  readonly pauseReason: string | null
  readonly lastCheckedAt: string | null
  readonly lastAttemptedTag: string | null
  readonly lastSuccessAt: string | null
  readonly lastFailureAt: string | null
  readonly resumedAt: string | null
  readonly unknownKeys: Readonly<Record<string, unknown>>
}

/** What storage found. Only `none` with no trace of ours, or `predecessor`, may be adopted freely (R3). */
export type LoadedRecord =
  | { readonly kind: 'record'; readonly record: UpdaterRecord }
  | { readonly kind: 'none' }
  | { readonly kind: 'predecessor'; readonly state: PredecessorState }
  /** The newest generation is unreadable or gone; `paused` counts as true (I4). */
  | { readonly kind: 'damaged'; readonly reason: string }
  | { readonly kind: 'newer'; readonly schema: number }

/** A container of a managed service, in whatever state. */
export interface Container {
  readonly id: string
  /** Compose service. */
  readonly service: string
  readonly state: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead'
  /** `none`: it has no health check. */
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy'
  readonly imageId: string
  /** Commit of its image (label `org.opencontainers.image.revision`); null when nobody recorded it. */
  readonly commit: string | null
  /** Host or address at which this process reaches it; null while it does not run. */
  readonly address: string | null
  /** Container port → port at `address` where they differ. */
  readonly ports: Readonly<Record<number, number>>
  readonly restarts: number
  readonly exitCode: number | null
  /** ISO 8601 UTC; null if it never started. */
  readonly startedAt: string | null
  /** Services that somebody's compose waits for before it starts this one for the first time; absent where it waits for none. */
  readonly awaits?: readonly string[]
}

/** The live routes file as found. */
export type RoutesFile =
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly reason: string }
  | {
      readonly kind: 'routes'
      readonly active: Color
      /** Stamp; null in the predecessor's plain form. */
      readonly generation: string | null
      /** Record sequence number at which it was written; null in the plain form. */
      readonly sequence: number | null
      readonly text: string
    }

/** One version of the routes file to be rendered. */
export interface Routes {
  readonly active: Color
  readonly generation: string
  readonly sequence: number
  readonly topology: Topology
}

/** One answer to one probe. */
export interface ProbeAnswer {
  /** 2xx. */
  readonly healthy: boolean
  /** HTTP status; null when there was no answer. */
  readonly status: number | null
  /** Value of the generation stamp; null when there was none. */
  readonly stamp: string | null
  /** For people: `503 Service Unavailable`, `connection refused`. */
  readonly detail: string
  /** Nobody listens there: the connection was refused at once. */
  readonly refused?: true
}

/** What a look at the operator's working tree found. */
export type TreeState =
  | { readonly kind: 'clone'; readonly commit: string; readonly ref: string; readonly clean: boolean }
  /** No clone of the release's repository: it is left as it is. */
  | { readonly kind: 'foreign'; readonly reason: string }

/** Commits that the tree has beyond another one, and that it lacks of it. */
export interface TreeDistance {
  readonly ahead: number
  readonly behind: number
}

/** What a build left behind. */
export interface BuildReport {
  /** Space taken in the engine, bytes; 0 when everything was there. */
  readonly bytes: number
  /** Services whose image had to be built. */
  readonly built: readonly string[]
}

/** A line of a running build. */
export interface BuildProgress {
  readonly service: string
  readonly line: string
}

/** The active release's images and compose files, found running at the first start. */
export interface Adoption {
  /** Commit of the images where all agree on one; else null. */
  readonly commit: string | null
  readonly version: string | null
}
