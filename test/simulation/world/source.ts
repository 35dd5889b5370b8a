import { assertReleaseTag, defaultTagPattern } from '../../../src/git/tag.ts'
import { UpdaterError } from '../../../src/rollout/errors.ts'
import type { TagRef, TreeDistance, TreeState } from '../../../src/rollout/model.ts'
import type { ReleaseSource } from '../../../src/rollout/ports.ts'
import type { Deed } from './effects.ts'
import type { Life } from './life.ts'
import type { Stack } from './stack.ts'

const gitCall = 20

/** Git as one daemon holds it. */
export class SimulatedSource implements ReleaseSource {
  readonly #stack: Stack
  readonly #life: Life

  constructor(stack: Stack, life: Life) {
    this.#stack = stack
    this.#life = life
  }

  listTags(signal: AbortSignal): Promise<TagRef[]> {
    return this.#look('listTags', signal, () => {
      this.#reachRemote()
      return this.#stack.git.releaseTags()
    })
  }

  fetch(tag: string, expected: string | null, signal: AbortSignal): Promise<string> {
    return this.#act({ name: 'source.fetch' }, signal, async () => {
      assertReleaseTag(tag, defaultTagPattern)
      this.#reachRemote()
      const commit = this.#stack.git.remoteTags.get(tag)
      if (commit === undefined) throw new UpdaterError('unknown_tag', `There is no tag ${tag}.`)
      if (expected !== null && expected !== commit) throw new UpdaterError('tag_moved', `Tag ${tag} names ${commit}, not ${expected}.`)
      this.#stack.git.mirror.add(commit)
      return commit
    })
  }

  has(commit: string, signal: AbortSignal): Promise<boolean> {
    return this.#look('has', signal, () => this.#stack.git.mirror.has(commit))
  }

  checkout(commit: string, signal: AbortSignal): Promise<void> {
    return this.#act({ name: 'source.checkout', commit }, signal, async () => {
      const { checkouts } = this.#stack.git
      if (checkouts.has(commit)) return
      this.#mustHave(commit)
      checkouts.add(commit)
    })
  }

  describeTree(signal: AbortSignal): Promise<TreeState> {
    return this.#look('describeTree', signal, () => this.#stack.git.tree)
  }

  treeDistance(commit: string, signal: AbortSignal): Promise<TreeDistance | null> {
    return this.#look('treeDistance', signal, () => (this.#stack.git.mirror.has(commit) ? this.#stack.git.distanceTo(commit) : null))
  }

  treeConflicts(commit: string, signal: AbortSignal): Promise<string[]> {
    return this.#look('treeConflicts', signal, () => {
      if (!isCommitId(commit) || this.#stack.git.tree.kind === 'foreign') return []
      this.#mustHave(commit)
      return this.#stack.git.conflictsWith(commit)
    })
  }

  bringTree(commit: string, signal: AbortSignal): Promise<void> {
    return this.#act({ name: 'source.bringTree', commit }, signal, async () => {
      const { git } = this.#stack
      if (!isCommitId(commit) || git.tree.kind === 'foreign') return
      this.#mustHave(commit)
      const conflicts = git.conflictsWith(commit)
      if (conflicts.length > 0) throw new UpdaterError('tree_conflict', `Local changes collide: ${conflicts.join(', ')}.`)
      git.checkOut(commit)
    })
  }

  prune(commits: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    const { checkouts, halfCheckouts } = this.#stack.git
    // Listed first: a removal that lands late takes nothing that was laid out since.
    const unneeded = [...checkouts].filter((commit) => !commits.has(commit))
    return this.#act({ name: 'source.prune' }, signal, async () => {
      for (const commit of unneeded) checkouts.delete(commit)
      halfCheckouts.clear()
    })
  }

  #mustHave(commit: string): void {
    if (!this.#stack.git.mirror.has(commit)) throw new UpdaterError('unknown_commit', `${commit} is not in the mirror.`)
  }

  #reachRemote(): void {
    const { remoteFault } = this.#stack.git
    if (remoteFault !== null) throw new UpdaterError('remote_unreachable', remoteFault)
  }

  #look<T>(question: string, signal: AbortSignal, answer: () => T): Promise<T> {
    return this.#stack.effects.ask(this.#life, { name: `source.${question}` }, signal, () => this.#stack.time.pause(gitCall).then(answer))
  }

  #act<T>(deed: Deed, signal: AbortSignal, run: () => Promise<T>): Promise<T> {
    return this.#stack.effects.perform(this.#life, deed, signal, async () => {
      await this.#stack.time.pause(gitCall)
      return run()
    })
  }
}

/** What was adopted has a made-up one, which is in no repository. */
function isCommitId(commit: string): boolean {
  return /^[0-9a-f]{40}$/.test(commit)
}
