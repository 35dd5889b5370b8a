import type { ReleaseSource } from '../../../src/rollout/ports.ts'

/** Path → content of the tracked files of a release. */
export type Files = Readonly<Record<string, string>>

/** A remote, the place where its releases are laid out, and an operator's tree, seen from outside the port. */
export interface ReleaseSourceWorld {
  /** A new source on the same places, as after a restart of the daemon. */
  open(): ReleaseSource
  /** Makes a commit that holds exactly these files, on top of the last one, tags it and tells the commit. */
  publish(tag: string, files: Files): Promise<string>
  /** Lets a tag of the remote name another commit of it. */
  moveTag(tag: string, commit: string): Promise<void>
  removeTag(tag: string): Promise<void>
  /** Nobody reaches the remote until `remoteUp`. */
  remoteDown(): Promise<void>
  remoteUp(): Promise<void>
  /** Names that stand where releases are laid out, unfinished ones included. */
  laidOut(): Promise<string[]>
  /** Files of a release that is laid out. */
  releaseFiles(commit: string): Promise<Files>
  /** Leaves what a daemon leaves that was killed in the middle of laying out a release. */
  leaveHalfACheckout(): Promise<void>
  /** The operator clones the repository as it stands at this tag; the branch is `main`. */
  cloneTree(tag: string): Promise<void>
  /** The project directory is something else, holding these files. */
  makeTreeForeign(files: Files): Promise<void>
  readTree(path: string): Promise<string | null>
  writeTree(path: string, content: string): Promise<void>
  dispose(): Promise<void>
}
