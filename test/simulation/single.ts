import type { Effect } from './world/effects.ts'
import type { Instance } from './world/engine.ts'
import type { Stack } from './world/stack.ts'

/** I2: at most one container of a singleton runs or could be started by the engine. */
export class Single {
  readonly #stack: () => Stack
  readonly #broken: (effect: Effect | null, why: string) => void
  /** Effects that found more than one. */
  readonly #foundSeveral = new Set<number>()

  constructor(stack: () => Stack, broken: (effect: Effect | null, why: string) => void) {
    this.#stack = stack
    this.#broken = broken
  }

  before({ index }: Effect): void {
    if (this.#several().length > 0) this.#foundSeveral.add(index)
  }

  /** Whatever others do to the world: no effect of ours brings a second one into it. */
  after(effect: Effect): void {
    if ((effect.name === 'runtime.up' || effect.name === 'runtime.start') && !this.#foundSeveral.has(effect.index)) this.look(effect)
  }

  look(effect: Effect | null): void {
    for (const startable of this.#several()) this.#broken(effect, `${startable.map(({ id }) => id).join(' and ')} may run at once`)
  }

  /** Of each singleton that there is more than one of: those that run or could be started. */
  #several(): (readonly Instance[])[] {
    const { engine, topology } = this.#stack()
    return topology.singletons.filter(({ service }) => engine.hasSeveral(service))
      .map(({ service }) => engine.of(service).filter((instance) => engine.isStartable(instance)))
      .filter(({ length }) => length > 1)
  }
}
