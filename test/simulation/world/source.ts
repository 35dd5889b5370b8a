import { UpdaterError } from '../../../src/rollout/errors.ts'
import type { TagRef, TreeState } from '../../../src/rollout/model.ts'
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
      return [...this.#stack.git.remoteTags].map(([tag, commit]) => ({ tag, commit }))
    })
  }

  fetch(tag: string, expected: string | null, signal: AbortSignal): Promise<string> {
    return this.#act({ name: 'source.fetch' }, signal, async () => {
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

  treeConflicts(commit: string, signal: AbortSignal): Promise<string[]> {
    return this.#look('treeConflicts', signal, () => {
      if (this.#stack.git.tree.kind === 'foreign') return []
      this.#mustHave(commit)
      return [...this.#stack.git.conflicts]
    })
  }

  bringTree(commit: string, signal: AbortSignal): Promise<void> {
    return this.#act({ name: 'source.bringTree', commit }, signal, async () => {
      const { git } = this.#stack
      if (git.tree.kind === 'foreign') throw this.#stack.unmodelled('bringing a foreign tree to a release')
      this.#mustHave(commit)
      if (git.conflicts.length > 0) throw new UpdaterError('tree_conflict', `Local changes collide: ${git.conflicts.join(', ')}.`)
      git.tree = { ...git.tree, commit }
    })
  }

  prune(commits: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    return this.#act({ name: 'source.prune' }, signal, async () => {
      for (const commit of this.#stack.git.checkouts) if (!commits.has(commit)) this.#stack.git.checkouts.delete(commit)
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
