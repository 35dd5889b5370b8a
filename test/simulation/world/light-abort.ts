type Listener = () => void

/**
 * Signals of the platform as far as the core uses them, by the DOM standard's rules: first the signal's own listeners in
 * their order, then those that were made of it. Without the weak references by which Node keeps `AbortSignal.any`, which
 * take half the time of a simulated rollout and depend on the garbage collector.
 */
class LightSignal {
  aborted = false
  reason: unknown = undefined
  /** Undefined until there is one: most signals are never listened to. */
  #listeners: Set<Listener> | undefined
  /** Signals that abort with this one. */
  #dependents: LightSignal[] | undefined
  /** What this one depends on, down to signals that depend on nothing; empty for one of a controller. */
  #sources: readonly LightSignal[] = []

  static any(signals: readonly LightSignal[]): LightSignal {
    const made = new LightSignal()
    const first = signals.find(({ aborted }) => aborted)
    if (first !== undefined) {
      made.aborted = true
      made.reason = first.reason
      return made
    }
    made.#sources = signals.flatMap((signal) => (signal.#sources.length > 0 ? signal.#sources : [signal]))
    for (const source of new Set(made.#sources)) (source.#dependents ??= []).push(made)
    return made
  }

  addEventListener(type: string, listener: Listener, _once?: { readonly once: boolean }): void {
    if (type !== 'abort') throw new Error(`a light signal knows no event ${type}`)
    if (!this.aborted) (this.#listeners ??= new Set()).add(listener)
  }

  removeEventListener(_type: string, listener: Listener): void {
    this.#listeners?.delete(listener)
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason
  }

  abort(reason: unknown): void {
    if (this.aborted) return
    const all: LightSignal[] = [this, ...(this.#dependents?.filter(({ aborted }) => !aborted) ?? [])]
    for (const signal of all) {
      signal.aborted = true
      signal.reason = reason
    }
    for (const signal of all) for (const listener of signal.#listeners ?? []) listener()
  }
}

class LightController {
  readonly signal = new LightSignal()

  abort(reason: unknown = new DOMException('This operation was aborted', 'AbortError')): void {
    this.signal.abort(reason)
  }
}

/** Gives this process's code light signals, until the returned function is called. For campaigns: nothing of Node may be given one. */
export function useLightAbort(): () => void {
  const { AbortController, AbortSignal } = globalThis
  Object.assign(globalThis, { AbortController: LightController, AbortSignal: LightSignal })
  return () => {
    Object.assign(globalThis, { AbortController, AbortSignal })
  }
}
