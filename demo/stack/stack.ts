import type { Client } from './client.ts'
import type { Daemon, LogLine } from './daemon.ts'
import type { LoadTarget } from './load.ts'
import type { Project } from './project.ts'

/** How many bots the gateway saw, and for how long there was none. */
export interface GatewayReport {
  readonly open: number
  readonly opened: number
  readonly overlaps: number
  readonly away: readonly { readonly from: number | string; readonly to: number | string; readonly ms: number }[]
}

/** A running stack with its updater: the sandbox's processes, or containers on a real engine. */
export interface Stack {
  readonly kind: 'sandbox' | 'docker'
  readonly project: Project
  /** Traefik's (or the router's) entry points as this process reaches them. */
  readonly entryPoints: { readonly skills: string; readonly api: string; readonly internal: string }
  readonly secret: string
  /** The control API. */
  readonly updater: Client
  /** The skills service's own API, through the routes, signed as the bot signs. */
  readonly skills: Client
  /** Signed cheap calls of both groups. */
  readonly loadTargets: readonly LoadTarget[]
  gateway(): Promise<GatewayReport>
  /** Text of the live routes file. */
  routes(): Promise<string>
  /** Starts (or starts again) the updater. */
  startUpdater(options?: { env?: Readonly<Record<string, string>>; onLine?: (line: LogLine) => void; onSpawn?: (pid: number) => void }): Promise<Daemon>
  /** The updater that was started last. */
  daemon(): Daemon
  /** Ends everything that was started and removes its files. */
  close(): Promise<void>
  /** Instead of `close`: everything stays, this process may end, and `kept.json` in the root tells how to end it. Only for a detached stack. */
  leave?(): Promise<void>
}

/** Limits that a demo or test runs with, told at the end of a demo. Everything else has its default. */
export interface Shortened {
  readonly drain: string
  readonly stop: string
  readonly directHealth: string
  readonly previewHealth: string
  readonly routedHealth: string
  readonly singletonHealth: string
  readonly singletonSettled: string
}

export const shortened: Shortened = {
  drain: '1s',
  stop: '10s',
  directHealth: '4s',
  previewHealth: '3s',
  routedHealth: '3s',
  singletonHealth: '6s',
  singletonSettled: '2s',
}
