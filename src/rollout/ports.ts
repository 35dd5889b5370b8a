import type {
  Adoption, BuildProgress, BuildReport, Container, HistoryEntry, LoadedRecord, ProbeAnswer, Release, Routes,
  RoutesFile, TagRef, TreeDistance, TreeState, UpdaterRecord,
} from './model.ts'
import type { Color, Group } from './topology.ts'

/*
 * What the core needs of the outside, in its own types. Every implementation of a port passes the same contract suite
 * (test/contract). Unless a method says otherwise: it rejects with an UpdaterError, stops waiting when `signal` aborts,
 * may be repeated without harm, and after a rejection its effect may still have happened or happen later.
 */

/** Where releases come from, and the two places they are laid out in: `releases/<commit>/` and the operator's tree. */
export interface ReleaseSource {
  /** Asks the remote for its tags without transferring objects. @throws remote_unreachable */
  listTags(signal: AbortSignal): Promise<TagRef[]>
  /**
   * Brings exactly this tag's commit into the mirror and tells it.
   * @param expected commit that this tag is known to name, null at first sight
   * @throws unknown_tag, tag_moved, tag_unsigned, invalid_request (a name that does not match the tag pattern), remote_unreachable
   */
  fetch(tag: string, expected: string | null, signal: AbortSignal): Promise<string>
  /** Whether the mirror holds this commit. Never asks the remote. */
  has(commit: string, signal: AbortSignal): Promise<boolean>
  /** Lays the commit out in `releases/<commit>/`, whole or not at all. */
  checkout(commit: string, signal: AbortSignal): Promise<void>
  describeTree(signal: AbortSignal): Promise<TreeState>
  /** How far the operator's tree is from this commit; null for a foreign tree, and for a commit that the mirror does not hold. */
  treeDistance(commit: string, signal: AbortSignal): Promise<TreeDistance | null>
  /** Paths whose local changes would collide with this commit's checkout; empty for a foreign tree. */
  treeConflicts(commit: string, signal: AbortSignal): Promise<string[]>
  /** Brings the operator's tree to the commit by an unforced checkout. @throws tree_conflict naming the paths */
  bringTree(commit: string, signal: AbortSignal): Promise<void>
  /** Removes checkouts and left-over temporary directories that are not in the set. */
  prune(commits: ReadonlySet<string>, signal: AbortSignal): Promise<void>
}

/** The engine: images, containers and Docker Compose, or the sandbox's plain processes. */
export interface ContainerRuntime {
  /** Every container of these services, in every state. @throws engine_unreachable */
  containers(services: readonly string[], signal: AbortSignal): Promise<Container[]>
  /**
   * Calls `onChange` once it listens, and whenever a container of these services may have been started, ended, removed or
   * changed its health; also without need. Settles when `signal` aborts, and resolves when the engine hangs up: then
   * something may have been missed. @throws engine_unreachable, engine_failed when there is nothing to listen to
   */
  follow(services: readonly string[], onChange: () => void, signal: AbortSignal): Promise<void>
  /**
   * Refuses what cannot work before anything is changed: compose files that do not parse or lack a managed service,
   * unset variables, missing bind sources, managed services that bind tracked files, build contexts outside the
   * repository, less free space than `needBytes`. All reasons in one error. @throws release_refused, disk_full
   */
  preflight(release: Release, services: readonly string[], needBytes: number, signal: AbortSignal): Promise<void>
  /**
   * Makes the images `<image>:<first 12 of the commit>` of these services, side by side; what is there already is not
   * built again. An abort cancels the builds on the engine. @throws build_failed with the last lines
   */
  build(release: Release, services: readonly string[], onProgress: (progress: BuildProgress) => void, signal: AbortSignal): Promise<BuildReport>
  /** Services of the list whose image of this release is not there (fault 28). */
  missingImages(release: Release, services: readonly string[], signal: AbortSignal): Promise<string[]>
  /** Services whose moving tag points at something else than this release's image, or at nothing; none whose image is gone. */
  mistagged(release: Release, services: readonly string[], signal: AbortSignal): Promise<string[]>
  /** Points each service's moving tag (`:blue`, `:green`, `:current`) at this release's image. @throws image_missing */
  tag(release: Release, services: readonly string[], signal: AbortSignal): Promise<void>
  /**
   * Has Docker Compose create and start these services from the release's compose files and the tags as they stand.
   * The caller has removed earlier containers of these services. Answers with the new ones. @throws compose_failed
   */
  up(release: Release, services: readonly string[], signal: AbortSignal): Promise<Container[]>
  /** Starts a stopped container as it is. One that runs is success, one that is gone is engine_failed. */
  start(id: string, signal: AbortSignal): Promise<void>
  /** SIGTERM, after `graceMs` SIGKILL; resolves only when its exit was seen. One that is gone or stopped is success. @throws exit_unseen */
  stop(id: string, graceMs: number, signal: AbortSignal): Promise<void>
  /** Removes a stopped container. One that is gone is success. */
  remove(id: string, signal: AbortSignal): Promise<void>
  /** Last lines of its output, oldest first. Empty for one that is gone. */
  logs(id: string, lines: number, signal: AbortSignal): Promise<string[]>
  /**
   * Before a container is stopped: tags its image `keep-<operation>`, so that nothing removes it while the operation is open, and
   * sees that there is room to create one more. @throws disk_full
   */
  keepImage(containerId: string, operation: string, signal: AbortSignal): Promise<void>
  /** Gives what was kept for the operation its name as this release's image again (fault 28). Where nothing was kept, nothing happens. */
  restoreKept(operation: string, release: Release, services: readonly string[], signal: AbortSignal): Promise<void>
  /** What the images of these containers say of themselves. */
  identify(containers: readonly Container[], signal: AbortSignal): Promise<Adoption>
  /**
   * Makes what runs a release like any other: tags these containers' images by `release.commit`, keeps the project's compose files
   * as its own. Of `absent` services, which have no container, the images that their moving tags point at are its own, unless
   * the commit is one of the repository: then only what was built of it is.
   */
  adopt(release: Release, containers: readonly Container[], absent: readonly string[], signal: AbortSignal): Promise<void>
  /**
   * Removes images of ours that are of none of these commits, whatever operations kept, failed builds, and build cache over
   * its limit. What a container uses stays. No operation is open. @throws engine_failed at the end, when something else could not be removed
   */
  prune(commits: ReadonlySet<string>, services: readonly string[], signal: AbortSignal): Promise<void>
}

/** The routes file. Its text is the truth about what serves. */
export interface TrafficRouter {
  read(): Promise<RoutesFile>
  /** The exact text that `stage` would write. */
  render(routes: Routes): string
  /** Writes this version durably beside the watched directory. @throws routes_unwritable */
  stage(routes: Routes): Promise<void>
  /** Moves the staged version into force by one rename, durably. One that is in force already is success. @throws routes_unwritable */
  activate(generation: string): Promise<void>
  /**
   * Removes every staged version: no operation is open. Removes no further one once the signal aborts, without a word: what is
   * staged from then on is somebody's way back (I10).
   */
  sweep(signal: AbortSignal): Promise<void>
  /** Keeps a copy of the live file for an operator and tells its path; null when there is none (R15). */
  keepCopy(): Promise<string | null>
}

/** One look at a health endpoint. Never rejects for an unhealthy or absent answer; rejects only when aborted. */
export interface HealthProbe {
  /** Straight at the container. */
  direct(container: Container, group: Group, signal: AbortSignal): Promise<ProbeAnswer>
  /** Through Traefik's internal entry point; null when this installation has none yet. */
  preview(group: Group, color: Color, signal: AbortSignal): Promise<ProbeAnswer | null>
  /** Through the group's public entry point. */
  routed(group: Group, signal: AbortSignal): Promise<ProbeAnswer>
}

/** The record's home. */
export interface RecordStore {
  load(): Promise<LoadedRecord>
  /**
   * Durable when it resolves. Writes `record` as it stands; the caller has raised its sequence number.
   * After a rejection it is undetermined which of the two is on disk. @throws storage_failed
   */
  write(record: UpdaterRecord): Promise<void>
}

/** Append-only, bounded. Its failure never harms a rollout (fault 44). */
export interface HistoryStore {
  append(entry: HistoryEntry): Promise<void>
  /** Oldest first; lines of one operation merged. */
  entries(): Promise<HistoryEntry[]>
}

/** A file that was opened for writing by `Files.create`. */
export interface NewFile {
  /** Writes all of it, or rejects. */
  write(bytes: Uint8Array): Promise<void>
  sync(): Promise<void>
  close(): Promise<void>
}

/** Files as the operating system has them: nothing is durable before its sync. Paths are absolute. Rejects with Node's own errors (`code`). */
export interface Files {
  /** Null when there is none. */
  read(path: string): Promise<Uint8Array | null>
  /** Exclusive: rejects with EEXIST. */
  create(path: string, mode: number): Promise<NewFile>
  /** Opens for appending, creates if missing. */
  append(path: string, mode: number): Promise<NewFile>
  rename(from: string, to: string): Promise<void>
  /** Makes renames, creations and removals inside it durable. */
  syncDirectory(path: string): Promise<void>
  /** One that is gone is success. */
  remove(path: string): Promise<void>
  /** Names inside; empty when the directory is missing. */
  list(directory: string): Promise<string[]>
  makeDirectory(path: string, mode: number): Promise<void>
}

/** Time. Limits are monotonic: a wall clock that moves harms nothing (fault 20). */
export interface Clock {
  /** Milliseconds since the epoch, for people. */
  now(): number
  /** Milliseconds that only grow. */
  monotonic(): number
  /** Rejects with the signal's reason when aborted. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>
}

/** Chance. */
export interface Random {
  /** Unguessable, 32 lower-case hex digits. */
  token(): string
}

/** Whether this process may still change the world (I5). */
export interface Authority {
  /** @throws authority_lost */
  check(): void
}

/** The log. Fields never hold secrets. */
export interface Log {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}
