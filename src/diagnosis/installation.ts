import type { Finding } from './finding.ts'

/*
 * What the checks need to see of the machine and the installation, in their own types; src/installation.ts makes it of
 * the adapters. Nothing here changes anything.
 */

/** What lies at a path. */
export interface Permissions {
  readonly kind: 'file' | 'directory' | 'socket' | 'other'
  /** Its permission bits, `0o640`. */
  readonly mode: number
  readonly group: number
  /** Whether this process may. */
  readonly readable: boolean
  readonly writable: boolean
}

/** How a path of this process reaches the host. */
export type Mounted =
  /** No container is around this process: its paths are the host's. */
  | { readonly kind: 'host' }
  | { readonly kind: 'mounted'; readonly hostPath: string; readonly writable: boolean }
  /** A path of the container alone. */
  | { readonly kind: 'not_mounted' }
  /** There is a container around this process, and the engine does not know which. */
  | { readonly kind: 'unknown' }

/** The engine and Compose. Every call rejects with an UpdaterError, and when its signal aborts. */
export interface EngineView {
  /** `skewMs`: how far the engine's clock is ahead of ours; null when it tells no time. */
  describe(signal: AbortSignal): Promise<{ readonly version: string; readonly skewMs: number | null }>
  composeVersion(signal: AbortSignal): Promise<string>
  /** Null where this process sees nothing of the engine's disk. */
  freeSpace(signal: AbortSignal): Promise<{ readonly directory: string; readonly bytes: number } | null>
  mounted(path: string, signal: AbortSignal): Promise<Mounted>
  /** Images that were kept for an operation: their names, and whose. */
  keptImages(signal: AbortSignal): Promise<readonly { readonly image: string; readonly operation: string }[]>
}

export interface Installation {
  /** Null: plain processes instead of containers. */
  readonly engine: EngineView | null
  /** What is accepted in the settings but probably not meant. */
  readonly settingsWarnings: readonly string[]
  readonly projectDirectory: string
  readonly stateDirectory: string
  readonly secret: {
    readonly source: 'environment' | 'file'
    readonly path: string
    /** Group that is to read it; null: that of its directory. */
    readonly group: number | null
    /** How everybody on this machine can read or replace it, one sentence each, with the mend. */
    readonly exposures: () => Promise<readonly string[]>
    /** Why it could be guessed, with the mend; null when nothing speaks against it. */
    readonly weakness: () => Promise<string | null>
  }
  /** How everybody on this machine can read the project's `.env`, with the mend; null when nobody can. */
  readonly dotEnvExposure: () => Promise<string | null>
  /** `DOCKER_HOST`, or the default. */
  readonly dockerHost: string
  /** Null when there is nothing. */
  readonly permissions: (path: string) => Promise<Permissions | null>
  /** Null, or why a prepared version of the routes cannot be renamed into force, with the mend. */
  readonly routesPlace: () => Promise<string | null>
  readonly freeBytes: (path: string) => Promise<number>
  /** Names of files that nobody should need when no operation is open, and that are older than a write takes: prepared routes, halves of records. */
  readonly stagedFiles: () => Promise<readonly string[]>
  /** How far the clock of the remote's web server is ahead of ours, ms; null when it has none or does not answer. */
  readonly remoteSkew: (signal: AbortSignal) => Promise<number | null>
}

/** What only the record tells, as far as it is known. */
export interface Known {
  /** Id of the open operation; null when none is. */
  readonly operation: string | null
  /** Space that the last builds took in the engine; 0 when unknown. */
  readonly lastBuildBytes: number
}

/** A look at machine and installation. Never rejects. */
export type Examine = (known: Known, signal: AbortSignal) => Promise<Finding[]>
