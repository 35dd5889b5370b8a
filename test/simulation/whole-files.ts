import type { Effect } from './world/effects.ts'
import type { Stack } from './world/stack.ts'
import { places } from './world/state-directory.ts'

/** I6: record and routes are at every instant, and after every power cut, the complete old or the complete new one. */
export class WholeFiles {
  readonly #stack: () => Stack
  readonly #broken: (effect: Effect | null, why: string) => void
  /** What was on the platter before a power cut. */
  #certain: { readonly sequence: number | null; readonly routes: boolean } = { sequence: null, routes: false }

  constructor(stack: () => Stack, broken: (effect: Effect | null, why: string) => void) {
    this.#stack = stack
    this.#broken = broken
  }

  /** What ended well is on the platter. Of a daemon that was stopped meanwhile, a later record of whoever took over may be there in its place. */
  succeeded(effect: Effect, isHolder: boolean): void {
    const stack = this.#stack()
    const { generation, record } = effect
    if (record !== undefined && !isDurable(record.sequence, stack.durableRecord?.sequence ?? 0, isHolder)) this.#broken(effect, 'acknowledged, but a power cut would lose it')
    if (effect.name === 'router.activate' && stack.durableGeneration !== generation) this.#broken(effect, 'in force, but a power cut would take it back')
    if (effect.name === 'router.stage' && generation !== undefined && !stack.isStagedDurably(generation)) this.#broken(effect, 'prepared, but a power cut would lose it')
  }

  afterFile(effect: Effect): void {
    const { name, path, to } = effect
    if (name === 'files.write' && (path === places.record || path === places.routes)) this.#broken(effect, 'written in place')
    if (to !== places.record && to !== places.routes) return
    if (!this.#stack().disk.isSynced(to)) this.#broken(effect, 'in place before it was synced')
    if (to === places.record) this.#wholeRecord(effect)
    else this.#wholeRoutes(effect)
  }

  beforePowerCut(): void {
    const stack = this.#stack()
    this.#certain = { sequence: stack.durableRecord?.sequence ?? null, routes: stack.durableGeneration !== null }
  }

  afterPowerCut(): void {
    const stack = this.#stack()
    const { sequence, routes } = this.#certain
    if (routes) this.#wholeRoutes(null)
    if (sequence === null) return
    this.#wholeRecord(null)
    if ((stack.record?.sequence ?? 0) < sequence) this.#broken(null, `the record went back from ${sequence} to ${stack.record?.sequence}`)
  }

  #wholeRecord(effect: Effect | null): void {
    const { kind } = this.#stack().recordFile
    if (kind !== 'record') this.#broken(effect, `the record is ${kind}`)
  }

  #wholeRoutes(effect: Effect | null): void {
    const stack = this.#stack()
    if (stack.traefik.says?.entryPoints.size !== stack.topology.groups.length) this.#broken(effect, 'the routes file is not whole')
  }
}

function isDurable(acknowledged: number, durable: number, isHolder: boolean): boolean {
  return isHolder ? durable === acknowledged : durable >= acknowledged
}
