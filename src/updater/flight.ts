import type { Happening } from '../rollout/context.ts'
import type { UpdateResult } from '../rollout/model.ts'
import { stepNames } from '../rollout/plan.ts'
import type { Wish } from './operation.ts'

/** An operation in progress, as its callers see it. */
export class Flight {
  readonly id: string
  readonly kind: Wish['kind']
  /** For people: `apply v1.2.3`. */
  readonly what: string
  readonly outcome: Promise<UpdateResult>
  readonly begun: Promise<'open' | 'ended'>
  #finished: Promise<void> = Promise.resolve()
  readonly #abort = new AbortController()
  #begin: (how: 'open') => void = () => undefined
  #settle: { resolve(result: UpdateResult): void; reject(error: Error): void }
  #result: UpdateResult | null = null
  #committing = false
  #failedStep: string | null = null

  constructor(id: string, wish: Wish) {
    this.id = id
    this.kind = wish.kind
    this.what = wish.kind === 'apply' ? `apply ${wish.tag}` : `rollback to ${wish.commit.slice(0, 12)}`
    this.#settle = { resolve: () => undefined, reject: () => undefined }
    this.outcome = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    const opened = new Promise<'open'>((resolve) => {
      this.#begin = resolve
    })
    this.begun = Promise.race([opened, this.outcome.then(() => 'ended' as const)])
    this.begun.catch(() => undefined) // as below
    this.outcome.catch(() => undefined) // a caller that asked for no answer has none to handle
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Settles when the operation is closed. Never rejects. */
  get finished(): Promise<void> {
    return this.#finished
  }

  finishWith(work: Promise<void>): void {
    this.#finished = work
  }

  /** Turns the operation round. False once its commit point is being written or is behind. */
  cancel(reason: Error): boolean {
    if (this.#committing) return false
    this.#abort.abort(reason)
    return true
  }

  /** From the start of the commit write on there is no way to cancel; if that write fails, the operation is undone anyway. */
  notice(happening: Happening): void {
    if (happening.kind === 'step_started' && happening.step === stepNames.commit) this.#committing = true
    if (happening.kind === 'step_failed') this.#failedStep ??= happening.step
  }

  /** The first step that failed; null while none has. */
  get failedStep(): string | null {
    return this.#failedStep
  }

  opened(): void {
    this.#begin('open')
  }

  answer(result: UpdateResult): void {
    this.#result = result
    this.#settle.resolve(result)
  }

  /** @returns false when the outcome was told already */
  refuse(error: Error): boolean {
    if (this.#result !== null) return false
    this.#settle.reject(error)
    return true
  }

  resultOf(id: string): UpdateResult | null {
    return id === this.id ? this.#result : null
  }
}
