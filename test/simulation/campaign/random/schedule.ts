import type { Color } from '../../../../src/rollout/topology.ts'
import type { FaultKind } from '../../world/effects.ts'
import type { ReleaseKind } from '../../world/releases.ts'

/** One life of a stack, complete: the same schedule gives the same log, to the last line. */
export interface Schedule {
  readonly setting: Setting
  /** Virtual ms that whatever takes time takes longer, one after the other, from the start again at the end: parallel work interleaves by it. */
  readonly lags: readonly number[]
  readonly turns: readonly Turn[]
}

/** What there is at the beginning. */
export interface Setting {
  readonly topology: TopologyName
  /** What v1.1.0 and v1.2.0 are like. v1.0.0 runs, and v9.0.0, the way out, is good. */
  readonly kinds: readonly [ReleaseKind, ReleaseKind]
  readonly labelled: boolean
  readonly color: Color
  readonly previews: boolean
  readonly healthCheckOfSingletons: boolean
  readonly pauseOnFailure: boolean
  /** After how many virtual ms the engine starts a daemon again that died. */
  readonly restartsAfter: number
  /** Whether a good release is applied once all has come to rest. */
  readonly upgradesAtTheEnd: boolean
}

export type TopologyName = 'usual' | 'noGroups' | 'noSingletons' | 'twoOfEach'

/** Waits, then moves. */
export interface Turn {
  readonly wait: Wait
  readonly move: Move
}

export type Wait =
  | { readonly for: 'nothing' }
  /** So many further effects. */
  | { readonly for: 'effects'; readonly count: number }
  | { readonly for: 'time'; readonly milliseconds: number }
  /** An operation enters this phase, or its undo begins. */
  | { readonly for: 'phase'; readonly phase: AwaitedPhase }
  /** No operation is under way. */
  | { readonly for: 'idle' }

export type AwaitedPhase = 'switching' | 'swapping' | 'retiring' | 'undo'

/** What somebody does, or what goes wrong. What breaks something outside mends itself after `lasts` virtual ms. */
export type Move =
  | { readonly do: 'apply'; readonly tag: string }
  | { readonly do: 'roll back' }
  | { readonly do: 'poll' }
  | { readonly do: 'pause' }
  | { readonly do: 'cancel' }
  | { readonly do: 'unpause' }
  | { readonly do: 'terminate' }
  | { readonly do: 'kill' }
  /** The nth effect, or call of files where one is named, from now on is hit, of this port and method if one is named. */
  | { readonly do: 'fault'; readonly kind: HitKind; readonly nth: number; readonly on: string | null }
  /** The nth question from now on, of this port and method if one is named, is answered five seconds late with what was so when it was asked. */
  | { readonly do: 'stale answer'; readonly nth: number; readonly on: string | null }
  /** SIGSTOP, and another daemon takes over at once; SIGCONT after a while. */
  | { readonly do: 'freeze'; readonly lasts: number }
  | { readonly do: 'maintenance'; readonly lasts: number }
  /** kill -9, and the next daemon is told other settings. */
  | { readonly do: 'change settings'; readonly to: Change }
  | { readonly do: 'sicken'; readonly what: Which; readonly lasts: number }
  | { readonly do: 'stop'; readonly what: Which }
  | { readonly do: 'remove'; readonly what: Which }
  | { readonly do: 'route by hand'; readonly color: Color }
  | { readonly do: 'power cut'; readonly survives: Survives }
  | { readonly do: 'somebody'; readonly command: Command }
  | { readonly do: 'outage'; readonly of: Outage; readonly lasts: number }

/** Containers: of a color, or of the singletons. */
export type Which = Color | 'singletons'

export type Outage = 'engine down' | 'engine hangs' | 'Traefik down' | 'Traefik does not follow' | 'remote down' | 'engine disk full' | 'storage fails' | 'tree conflicts'

/** What is changed in the settings: how long it waits, how it keeps and pauses, how it routes. */
export type Change = 'limits' | 'policy' | 'routes'

export type HitKind = FaultKind | 'power cut before' | 'power cut after'

/** What survives of what was not synced. */
export type Survives = 'nothing' | 'all' | 'some'

/** What an operator, or the host, does while the updater may be at work. */
export type Command = 'compose up' | 'compose restart' | 'crash' | 'engine killed' | 'engine restarted' | 'reboot' | 'git pull' | 'image prune'
