import { faults, stale, undisturbed, type Asking, type Effect, type Interference } from '../../world/effects.ts'
import type { Life } from '../../world/life.ts'
import type { World } from '../../world/world.ts'
import type { Survival } from '../../world/disk.ts'
import { leastSurvives } from '../../world/power-cut.ts'
import type { HitKind } from './schedule.ts'
import { hitInWords, staleInWords } from './words.ts'

interface Armed {
  readonly kind: HitKind
  readonly on: string | null
  left: number
}

/** Faults that wait for their effect. */
export class Hits {
  /** Effects that were asked for. */
  count = 0
  /** Effects that were delayed and have not landed, and answers that have not been heard. */
  late = 0
  /** Commands of somebody else that are under way. */
  away = 0
  /** The disk of the state directory takes nothing. */
  storageFails = false
  readonly #armed: Armed[] = []
  readonly #late: { readonly on: string | null; left: number }[] = []
  /** Daemons that were stopped while another one took over. */
  readonly #frozen = new Set<Life>()
  readonly #world: World
  readonly #tell: (sentence: string, kind: HitKind | 'stale answer') => void

  constructor(world: World, tell: (sentence: string, kind: HitKind | 'stale answer') => void) {
    this.#world = world
    this.#tell = tell
    world.stack.effects.interference = (effect, run, daemon) => this.#interfere(effect, run, daemon)
  }

  arm(kind: HitKind, nth: number, on: string | null): void {
    this.#armed.push({ kind, on, left: nth })
    if (on?.startsWith('files.') === true) this.#world.stack.effects.fileInterference = (effect, run, daemon) => this.#hit(effect, run, daemon, this.#next(effect))
  }

  /** One of the next questions gets a stale answer. */
  armLate(nth: number, on: string | null): void {
    this.#late.push({ on, left: nth })
    this.#world.stack.effects.questionInterference = (effect, run, daemon) => this.#answer(effect, run, daemon)
  }

  /** SIGSTOP. @returns SIGCONT */
  freeze(life: Life): () => void {
    life.freeze()
    this.#frozen.add(life)
    return () => {
      this.#frozen.delete(life)
      life.thaw()
    }
  }

  /** No process of the updater is left, a stopped one neither: the host went down, or the engine with its containers. */
  endAll(): void {
    this.#world.daemon.life.end()
    for (const life of this.#frozen) life.end()
    this.#frozen.clear()
  }

  /** Nothing goes wrong any more; what is on its way still lands. */
  disarm(): void {
    this.#armed.length = 0
    this.#late.length = 0
    this.#world.stack.effects.fileInterference = undisturbed
    this.#world.stack.effects.questionInterference = undisturbed
    this.storageFails = false
  }

  /** Nothing that was under way goes on; what the host starts by itself is there again. */
  cutPower(survival: Survival): void {
    this.late = 0
    this.away = 0
    this.#world.disturbed = true
    this.#world.stack.traefik.down = false
    this.endAll()
    this.#world.powerCut(survival)
  }

  readonly #interfere: Interference = (effect, run, daemon) => {
    this.count += 1
    const hit = this.#next(effect)
    if (hit === undefined && this.storageFails && isStored(effect)) return faults.fails(effect)
    return this.#hit(effect, run, daemon, hit)
  }

  #hit<T>(effect: Effect, run: () => Promise<T>, daemon: Asking, hit: Armed | undefined): Promise<T> {
    return hit === undefined ? run() : this.#strike(effect, run, daemon, hit)
  }

  async #strike<T>(effect: Effect, run: () => Promise<T>, daemon: Asking, { kind }: Armed): Promise<T> {
    this.#tell(hitInWords(kind, effect), kind)
    if (kind === 'power cut before' || kind === 'power cut after') {
      if (kind === 'power cut after') await run().catch(() => undefined) // nobody is left to hear of it
      this.cutPower(leastSurvives)
      return new Promise(() => undefined)
    }
    if (kind !== 'takes effect late') return faults[kind](effect, run, daemon)
    this.late += 1
    return faults[kind](effect, () => run().finally(() => { this.late -= 1 }), daemon)
  }

  readonly #answer: Interference = async (effect, run, daemon) => {
    const fitting = this.#late.filter(({ on }) => on === null || on === effect.name)
    const hit = fitting.find(({ left }) => left === 0)
    for (const one of fitting) one.left -= 1
    if (hit === undefined) return run()
    this.#late.splice(this.#late.indexOf(hit), 1)
    this.#tell(staleInWords(effect), 'stale answer')
    this.late += 1
    const answer = await stale(effect, run, daemon).finally(() => { this.late -= 1 })
    // Whoever hears it cannot know what has come since.
    const { stack, time } = this.#world
    stack.othersActedAt = Math.max(stack.othersActedAt, time.now)
    return answer
  }

  #next(effect: Effect): Armed | undefined {
    const fitting = this.#armed.filter(({ kind, on }) => (on === null ? !effect.name.startsWith('files.') : on === effect.name) && canHit(kind, effect))
    const hit = fitting.find(({ left }) => left === 0)
    for (const armed of fitting) if (armed !== hit && armed.left > 0) armed.left -= 1
    if (hit !== undefined) this.#armed.splice(this.#armed.indexOf(hit), 1)
    return hit
  }
}

/** What a daemon does itself ends with it; engine and git go on with what they were asked for. */
function canHit(kind: HitKind, { name }: Effect): boolean {
  if (kind !== 'takes effect late' && kind !== 'crash during') return true
  return name.startsWith('runtime.') || name.startsWith('source.')
}

function isStored({ name }: Effect): boolean {
  return name === 'store.write' || name === 'history.append' || name === 'router.stage'
}
