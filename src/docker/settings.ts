import type { Readable } from 'node:stream'
import type { Log } from '../rollout/ports.ts'

/**
 * The files of a commit as an uncompressed tar, from the mirror (`git archive`), so that nothing that is not in the commit gets
 * into an image. A failure must destroy the stream with an error: a tar that just ends would build.
 * @param path directory inside the repository whose content becomes the tar's root; empty for all of it
 */
type Archive = (commit: string, path: string, signal: AbortSignal) => Readable | Promise<Readable>

/** Everything the Docker adapter is told; whoever has no wish of their own takes `dockerDefaults`. */
export interface DockerSettings {
  /** `unix:///path/to/docker.sock` or `tcp://host:port`. */
  readonly dockerHost: string
  /** `['docker', 'compose']`, or `['docker-compose']` for version 1. */
  readonly composeCommand: readonly string[]
  /** Variables of Compose's own process. Only PATH, HOME and DOCKER_CONFIG are handed on: the rest would be interpolated. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Compose project (`-p`) of what runs. */
  readonly project: string
  /** Absolute, and the same path as on the engine's host. */
  readonly projectDirectory: string
  /** As in COMPOSE_FILE, absolute or relative to the project directory; null means docker-compose.yml and its override. */
  readonly composeFiles: readonly string[] | null
  /**
   * Whether the project directory is no clone of the repository that this commit is from: then its own compose files
   * count for every release (design.md, "Sources, trees, compose files"). Not sure: what would tell is not here yet.
   */
  readonly isForeignProject: (commit: string) => Promise<{ readonly foreign: boolean; readonly sure: boolean }>
  /** Where `<commit>/` checkouts are laid out. */
  readonly releasesDirectory: string
  readonly archive: Archive
  readonly builder: 'buildkit' | 'classic'
  /** Limit of one call to the engine, ms. */
  readonly engineCall: number
  /** Limit of one compose call and of one build, ms, besides the caller's signal. */
  readonly composeCall: number
  readonly build: number
  /** Bytes of build cache that stay; null leaves the cache alone. */
  readonly buildCacheLimit: number | null
  /** Network on which containers are reached; null takes the only one, or the project's first by name. */
  readonly networkName: string | null
  /**
   * Directories that look the same here and on the engine's host; null means all do (no container around this process),
   * `mounted` those that the engine says are mounted here under the path that they have on the host.
   */
  readonly sharedDirectories: readonly string[] | 'mounted' | null
  /** Services that stand in for each other, one of which is always about to be replaced: the two colors of each group. */
  readonly colors: readonly (readonly [blue: string, green: string])[]
  readonly log: Log
}

export const dockerDefaults = {
  dockerHost: 'unix:///var/run/docker.sock',
  composeCommand: ['docker', 'compose'],
  composeFiles: null,
  isForeignProject: () => Promise.resolve({ foreign: false, sure: true }),
  builder: 'buildkit',
  engineCall: 30_000,
  composeCall: 120_000,
  build: 14 * 60_000,
  buildCacheLimit: 4 * 1024 ** 3,
  networkName: null,
  sharedDirectories: null,
  colors: [],
} as const satisfies Partial<DockerSettings>

/** What `createDockerRuntime` needs to be told, and what it may be. */
export type DockerRuntimeOptions =
  Omit<DockerSettings, keyof typeof dockerDefaults> & { readonly [Key in keyof typeof dockerDefaults]?: DockerSettings[Key] }
