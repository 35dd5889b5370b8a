import { isReleaseTag, defaultTagPattern } from '../../../src/git/tag.ts'
import type { TagRef, TreeDistance, TreeState } from '../../../src/rollout/model.ts'

/** Path → content of a commit. */
export type TrackedFiles = Readonly<Record<string, string>>

const composeFile = 'docker-compose.yml'
const nothingYet = '0'.repeat(40)

/** The remote, the mirror of it, the releases that are laid out, and the operator's tree. Outlives every daemon. */
export class Git {
  /** Why the remote does not answer; null when it does. */
  remoteFault: string | null = null
  /** Tags of the remote, those that are no release included. */
  readonly remoteTags = new Map<string, string>()
  readonly mirror = new Set<string>()
  /** Commits laid out whole. */
  readonly checkouts = new Set<string>()
  /** Directories that a daemon left which was killed while it laid out a release. */
  readonly halfCheckouts = new Set<string>()
  readonly #contents = new Map<string, TrackedFiles>()
  /** Commits of the remote's `main`, oldest first. */
  readonly #main: string[] = []
  #head = nothingYet
  #ref = 'main'
  #foreign: string | null = null
  /** What the operator's tree has instead of its commit's content; null where a file was removed. */
  readonly #local = new Map<string, string | null>()

  /** A new commit on the remote's `main`, tagged. */
  publish(tag: string, commit: string, files?: TrackedFiles): void {
    this.remoteTags.set(tag, commit)
    if (!this.#main.includes(commit)) this.#main.push(commit)
    if (files !== undefined) this.#contents.set(commit, files)
  }

  releaseTags(): TagRef[] {
    return [...this.remoteTags].filter(([tag]) => isReleaseTag(tag, defaultTagPattern)).map(([tag, commit]) => ({ tag, commit }))
  }

  /** What a commit tracks; one of which nothing was said has a compose file of its own. */
  filesOf(commit: string): TrackedFiles {
    return this.#contents.get(commit) ?? { [composeFile]: `services of ${commit}` }
  }

  get tree(): TreeState {
    if (this.#foreign !== null) return { kind: 'foreign', reason: this.#foreign }
    return { kind: 'clone', commit: this.#head, ref: this.#ref, clean: this.#changes().every(([path]) => !(path in this.filesOf(this.#head))) }
  }

  /** Its history is one line. Null for a tree that is no clone. */
  distanceTo(commit: string): TreeDistance | null {
    if (this.#foreign !== null) return null
    const [here, there] = [this.#main.indexOf(this.#head), this.#main.indexOf(commit)]
    return { ahead: Math.max(0, here - there), behind: Math.max(0, there - here) }
  }

  /** The project directory is a clone that stands at this commit of `main`. */
  clone(commit: string): void {
    this.#foreign = null
    this.#head = commit
    this.#ref = 'main'
    this.#local.clear()
  }

  /** The project directory is something else, and holds these files. */
  makeForeign(reason: string, files: TrackedFiles = {}): void {
    this.#foreign = reason
    this.#head = nothingYet
    this.#contents.set(nothingYet, files)
    this.#local.clear()
  }

  /** What lies in the operator's tree; null where nothing does. */
  read(path: string): string | null {
    const local = this.#local.get(path)
    return local === undefined ? (this.filesOf(this.#head)[path] ?? null) : local
  }

  /** An operator's editor; null removes the file. */
  edit(path: string, content: string | null): void {
    this.#local.set(path, content)
  }

  /** Paths that an operator has edited; setting it edits these and undoes all others. */
  get conflicts(): readonly string[] {
    return [...this.#local.keys()]
  }

  set conflicts(paths: readonly string[]) {
    this.#local.clear()
    for (const path of paths) this.edit(path, 'mine')
  }

  /** Paths of the operator's that a checkout of this commit would have to overwrite. */
  conflictsWith(commit: string): string[] {
    const target = this.filesOf(commit)
    const before = this.filesOf(this.#head)
    return this.#changes().filter(([path, local]) => local !== null && target[path] !== before[path] && local !== target[path]).map(([path]) => path)
  }

  /** `git checkout`, where nothing is in the way: a branch that merely moves forward goes along, else HEAD is detached. */
  checkOut(commit: string): void {
    const [before, target] = [this.filesOf(this.#head), this.filesOf(commit)]
    for (const [path, local] of this.#changes()) {
      if (local === (target[path] ?? null) || (local === null && target[path] !== before[path])) this.#local.delete(path)
    }
    if (commit === this.#head) return
    if (this.#ref !== 'main' || !this.#isAhead(commit)) this.#ref = 'HEAD'
    this.#head = commit
  }

  /** `git checkout main && git pull` of an operator. Tells what git would say when it refuses; null when it went well. */
  pull(): string | null {
    if (this.#foreign !== null) return 'fatal: not a git repository'
    if (this.remoteFault !== null) return `fatal: ${this.remoteFault}`
    const newest = this.#main.at(-1)
    if (newest === undefined) return null
    const conflicts = this.conflictsWith(newest)
    if (conflicts.length > 0) return `error: Your local changes to the following files would be overwritten by merge: ${conflicts.join(' ')}`
    this.checkOut(newest)
    this.#ref = 'main'
    return null
  }

  #isAhead(commit: string): boolean {
    return this.#main.indexOf(commit) > this.#main.indexOf(this.#head)
  }

  /** Local content that differs from the commit's. */
  #changes(): [string, string | null][] {
    const tracked = this.filesOf(this.#head)
    return [...this.#local].filter(([path, local]) => local !== (tracked[path] ?? null))
  }
}
