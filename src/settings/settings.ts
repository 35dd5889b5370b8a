import type { Schedule } from '../polling/schedule.ts'
import type { GateSettings, Limits, Policy } from '../rollout/limits.ts'
import type { Topology } from '../rollout/topology.ts'
import type { HiddenText } from './hidden-text.ts'

/** Everything the daemon can be told, validated and with its defaults filled in. */
export interface Settings {
  readonly api: ApiSettings
  readonly paths: PathSettings
  readonly git: GitSettings
  readonly docker: DockerSettings
  readonly runtime: RuntimeSettings
  readonly traefik: TraefikSettings
  readonly topology: Topology
  readonly limits: Limits
  readonly gates: GateSettings
  readonly policy: Policy
  readonly polling: PollingSettings
  /** Host name → URL that its direct health is asked at (`HEALTH_URLS`). */
  readonly healthUrls: Readonly<Record<string, string>>
  /** What is accepted but probably not meant; to be logged at start. */
  readonly warnings: readonly string[]
  /** The same of secrets, as they were when the settings were read; `GET /diagnostics` looks at them anew. */
  readonly secretWarnings: readonly string[]
}

/** What the API needs to be up, also when the rest is refused. */
export interface ApiSettings {
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  readonly secret: SecretSettings
  readonly logLevel: LogLevel
}

export interface SecretSettings {
  /** `UPDATER_SECRET`; null: the file counts. */
  readonly value: HiddenText | null
  /** `UPDATER_SECRET_PATH` */
  readonly path: string
  /** Group that may read the file; null: that of its directory. */
  readonly group: number | null
}

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
type LogLevel = (typeof logLevels)[number]

/** Absolute paths. */
export interface PathSettings {
  /** The operator's compose project, mounted at the host's own path. */
  readonly projectDirectory: string
  /** The record. */
  readonly stateFile: string
  /** `dirname(stateFile)`: mirror, checkouts, history, lock. */
  readonly stateDirectory: string
  /** The live routes file. */
  readonly routesFile: string
}

export interface GitSettings {
  /** URL or absolute path; null when `AUTO_UPDATE_REPO` is empty: no release can be fetched. */
  readonly remote: string | null
  readonly token: HiddenText | null
  /** Tags that may be applied; matched against the whole name. */
  readonly tagPattern: RegExp
  /** File of those who may sign tags, as ssh-keygen(1) describes it; null: signatures are not asked for. Absolute. */
  readonly allowedSigners: string | null
}

export interface DockerSettings {
  /** `DOCKER_HOST`; null: the local socket. */
  readonly host: string | null
  /** `docker compose`, `docker-compose`, as argv. */
  readonly composeCommand: readonly string[]
  /** In the project directory or absolute, in Compose's order; null: `docker-compose.yml` and its override there. */
  readonly composeFiles: readonly string[] | null
  /** Compose project; null: that of the running containers. */
  readonly project: string | null
  readonly builder: 'buildkit' | 'classic'
  /** Build cache is pruned above this, bytes. */
  readonly buildCacheLimit: number
}

export type RuntimeSettings =
  | { readonly kind: 'docker' }
  /** Plain processes instead of containers; `hosts` tells where names with a port, such as Traefik's, are reached. */
  | { readonly kind: 'sandbox'; readonly directory: string; readonly hosts: Readonly<Record<string, string>> }

export interface TraefikSettings {
  /** Entry point → base URL at which this process reaches it. */
  readonly entryPoints: Readonly<Record<string, string>>
  /** Base URL of the internal entry point that serves previews; null: this installation has none. */
  readonly preview: string | null
}

export interface PollingSettings {
  readonly enabled: boolean
  readonly schedule: Schedule
  readonly requireApproval: boolean
}

/** One thing that is wrong with the settings, told so that it can be found and mended. */
export interface Problem {
  /** `config/updater.yml:12`, `config/updater.yml` or `environment`. */
  readonly where: string
  /** `limits.drain`, `AUTO_UPDATE_ENABLED`; empty when it is the file as a whole. */
  readonly key: string
  /** `config/updater.yml:12: limits.drain must be a duration such as 10s, is "soon"` */
  readonly sentence: string
}

/** How reading ends. `api` is null when not even the API can be brought up: leave with `exitCodeForSettings`. */
export type SettingsReading =
  | { readonly kind: 'settings'; readonly settings: Settings }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[]; readonly api: ApiSettings | null }

/** EX_CONFIG of sysexits.h: a supervisor sees that a restart will not help. */
export const exitCodeForSettings = 78
