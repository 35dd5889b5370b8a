import { UpdaterError, type ErrorCode } from '../../../src/rollout/errors.ts'
import type { UpdaterRecord } from '../../../src/rollout/model.ts'
import { untilAborted } from '../../../src/rollout/within.ts'
import type { Life } from './life.ts'
import type { VirtualTime } from './virtual-time.ts'

/** A change of the world that a daemon asks for, or a question that it asks. */
export interface Effect {
  /** Counted from the world's beginning, each level for itself: effects of ports, calls of files, questions. */
  readonly index: number
  /** Port and method: `runtime.up`, `files.rename`, `probe.routed`. */
  readonly name: string
  readonly services?: readonly string[]
  readonly containerId?: string
  readonly commit?: string
  readonly generation?: string
  readonly record?: UpdaterRecord
  /** Of a call of files. */
  readonly path?: string
  /** New name, of `files.rename`. */
  readonly to?: string
}

/** What an effect is about, before it is counted. */
export type Deed = Omit<Effect, 'index'>

/** A call of files. */
export interface FileDeed {
  readonly name: string
  readonly path: string
  readonly to?: string
}

/** Comes between an effect and the world: may run it or not, wait, fail, and end the daemon that asked. */
export type Interference = <T>(effect: Effect, run: () => Promise<T>, daemon: Asking) => Promise<T>

/** The daemon that asks for an effect, as an interference sees it. */
export interface Asking {
  readonly life: Life
  readonly time: VirtualTime
  readonly signal: AbortSignal | null
}

/** Sees every effect: when a daemon asks for it, and when it reaches the world, which may be later or never. */
export interface EffectWatch {
  asked(effect: Effect, life: Life): void
  before(effect: Effect): void
  after(effect: Effect): void
  /** It ended well, whatever the daemon is told. */
  succeeded(effect: Effect, life: Life): void
  /** A call of files has changed the disk. */
  afterFile(effect: Effect): void
}

/** The one way into the world. */
export class Effects {
  /** Effects of ports, in the order in which they were asked for. */
  readonly done: Effect[] = []
  /** Calls of files that lie below them. */
  readonly files: Effect[] = []
  questions = 0
  interference: Interference = undisturbed
  /** The same for the calls of files that an effect consists of: `files.write`, `files.sync`, `files.rename` … */
  fileInterference: Interference = undisturbed
  /** The same for questions: `runtime.containers`, `probe.direct`, `source.listTags`, `files.read` … */
  questionInterference: Interference = undisturbed
  readonly #time: VirtualTime
  readonly #watch: EffectWatch

  constructor(time: VirtualTime, watch: EffectWatch) {
    this.#time = time
    this.#watch = watch
  }

  /** One call of a daemon that changes something. With a signal the daemon stops waiting at its abort; the effect may go on. */
  perform<T>(life: Life, deed: Deed, signal: AbortSignal | null, run: () => Promise<T>): Promise<T> {
    return life.call(() => {
      if (signal?.aborted === true) return Promise.reject(reasonOf(signal))
      const effect = { ...deed, index: this.done.length }
      this.done.push(effect)
      this.#watch.asked(effect, life)
      const work = this.interference(effect, () => this.#runWatched(effect, life, run), { life, time: this.#time, signal })
      return signal === null ? work : untilAborted(signal, work)
    })
  }

  /** One call of files: takes no time, and ends with its daemon. */
  performFile<T>(life: Life, deed: FileDeed, run: () => T): Promise<T> {
    // Most calls by far: they are over at once, so that nothing can come between them and whoever asked.
    if (this.fileInterference === undisturbed && life.hears) return this.#runFile(this.#counted(deed), run)
    return life.call(() => {
      const effect = this.#counted(deed)
      return this.fileInterference(effect, () => this.#runFile(effect, run), { life, time: this.#time, signal: null })
    })
  }

  #counted({ name, path, to }: FileDeed): Effect {
    const index = this.files.length
    const effect = to === undefined ? { index, name, path } : { index, name, path, to }
    this.files.push(effect)
    return effect
  }

  async #runFile<T>(effect: Effect, run: () => T): Promise<T> {
    const result = run()
    this.#watch.afterFile(effect)
    return result
  }

  async #runWatched<T>(effect: Effect, life: Life, run: () => Promise<T>): Promise<T> {
    this.#watch.before(effect)
    try {
      const result = await run()
      this.#watch.succeeded(effect, life)
      return result
    } finally {
      this.#watch.after(effect)
    }
  }

  /** One question of a daemon: it changes nothing, but may be answered late, with what was so when it was asked, or not at all. */
  ask<T>(life: Life, deed: Deed, signal: AbortSignal | null, answer: () => Promise<T>): Promise<T> {
    return life.call(() => {
      if (signal?.aborted === true) return Promise.reject(reasonOf(signal))
      this.questions += 1
      const work = this.questionInterference === undisturbed ? answer() : this.questionInterference({ ...deed, index: this.questions - 1 }, answer, { life, time: this.#time, signal })
      return signal === null ? work : untilAborted(signal, work)
    })
  }
}

/** What nothing comes between. */
export function undisturbed<T>(_effect: Effect, run: () => Promise<T>): Promise<T> {
  return run()
}

/** What can be done to one effect. */
export const faults = {
  'fails': (effect) => Promise.reject(failureOf(effect)),
  'takes effect but fails': async (effect, run) => {
    await run()
    throw failureOf(effect)
  },
  'crash before': (_effect, _run, { life }) => {
    life.end()
    return never()
  },
  'crash after': async (_effect, run, { life }) => {
    await run().catch(() => undefined) // nobody is left to hear of it
    life.end()
    return never()
  },
  /** The daemon dies once the effect is under way; the world finishes it. */
  'crash during': (_effect, run, { life }) => {
    run().catch(() => undefined)
    life.end()
    return never()
  },
  /** No answer, no effect; what knows no abort fails after a minute, as a dead disk does. */
  'hangs': async (effect, _run, { signal, time }) => {
    if (signal !== null) return never()
    await time.pause(60_000)
    throw failureOf(effect)
  },
  /** Takes effect half a minute after everybody has stopped waiting (fault 23). */
  'takes effect late': async (_effect, run, { time }) => {
    await time.pause(90_000)
    return run()
  },
} as const satisfies Record<string, Interference>

export type FaultKind = keyof typeof faults

/** The answer is taken when it is asked for and comes five seconds later: by then it may be wrong. */
export const stale: Interference = async (_effect, run, { time }) => {
  const answer = await run()
  await time.pause(5_000)
  return answer
}

/** Does this to the first effect that the choice accepts, and nothing to all others. */
export function once(kind: FaultKind, choice: (effect: Effect) => boolean): Interference {
  let used = false
  return (effect, run, daemon) => {
    if (used || !choice(effect)) return run()
    used = true
    return faults[kind](effect, run, daemon)
  }
}

/** Does this to every effect that the choice accepts. */
export function always(kind: FaultKind, choice: (effect: Effect) => boolean): Interference {
  return (effect, run, daemon) => (choice(effect) ? faults[kind](effect, run, daemon) : run())
}

/** One line, for people. */
export function tell(effect: Effect): string {
  const { index, name, services, containerId, commit, generation, record } = effect
  const about = [services?.join('+'), containerId, commit?.slice(0, 12), generation?.slice(0, 6), record && recordLine(record)]
  return [`#${index}`, name, ...about.filter((part) => part !== undefined)].join(' ')
}

const codes: Readonly<Record<string, ErrorCode>> = {
  source: 'git_failed', runtime: 'engine_failed', probe: 'engine_failed', router: 'routes_unwritable', store: 'storage_failed', history: 'storage_failed',
}

function failureOf(effect: Effect): Error {
  if (effect.name.startsWith('files.')) return Object.assign(new Error(`EIO: i/o error, ${effect.name.slice('files.'.length)} '${effect.path}'`), { code: 'EIO' })
  const code = codes[effect.name.split('.')[0] ?? '']
  if (code === undefined) throw new Error(`no error is modelled for ${effect.name}`)
  return new UpdaterError(code, `${effect.name} failed by order of the test.`)
}

function recordLine({ sequence, activeColor, operation }: UpdaterRecord): string {
  return `record ${sequence} ${activeColor} ${operation === null ? 'idle' : `${operation.phase}/${operation.step ?? '-'}${operation.failure === null ? '' : '/turned'}`}`
}

function never<T>(): Promise<T> {
  return new Promise(() => undefined)
}

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason })
}
