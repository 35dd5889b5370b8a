import { singletonServices, type Color } from '../../src/rollout/topology.ts'
import type { Effect } from './world/effects.ts'
import type { Life } from './world/life.ts'
import type { Stack } from './world/stack.ts'
import { places } from './world/state-directory.ts'

/** Effects that the way back of the traffic must do without (I10). */
const neverOnTheWayBack = ['source.fetch', 'source.checkout', 'runtime.build', 'runtime.tag', 'runtime.up', 'runtime.stop', 'runtime.remove']

/** A stale answer is five seconds old, and the look that asked for it is not over at once, ms. */
const oldAnswers = 10_000

/** Bytes of a record: many times what the longest story leaves, and a fraction of what a build may say. */
const largestRecord = 192 * 1024
/** Of each kind. */
const mostListed = 200

/** How a daemon conducts itself: one hand (I5), the right code (I8), a record that stays small (I9), a way back that needs nothing (I10). */
export class Conduct {
  readonly #stack: () => Stack
  readonly #holder: () => Life | null
  readonly #broken: (invariant: string, effect: Effect, why: string) => void
  /** Effects that were asked for by a daemon that had lost its right to them. */
  readonly #unauthorised = new Set<Effect>()
  /** The failed operation whose new color serves for as long as the old one is not well (R8, R10). */
  #servedMeanwhile: string | null = null

  constructor(stack: () => Stack, holder: () => Life | null, broken: (invariant: string, effect: Effect, why: string) => void) {
    this.#stack = stack
    this.#holder = holder
    this.#broken = broken
  }

  asked(effect: Effect, life: Life): void {
    if (life !== this.#holder()) this.#unauthorised.add(effect)
    if (effect.name === 'store.write') this.#takesOnNothingQuarantined(effect)
    if (effect.name === 'runtime.build') this.#buildsWhatTheTagNames(effect)
    if (effect.name === 'router.activate') this.#wayBackIsReady(effect)
    if (neverOnTheWayBack.includes(effect.name)) this.#trafficFirst(effect)
  }

  /** I5: what the adapters refuse at the last moment has no effect; what was under way at the takeover was asked for before. */
  succeeded(effect: Effect): void {
    if (effect.name === 'router.activate') this.#servesMeanwhile()
    if (effect.name === 'store.write') this.#staysSmall(effect)
    if (this.#unauthorised.has(effect)) this.#broken('I5', effect, 'another daemon has taken over')
  }

  /** I9: each write carries all of it. What takes disk elsewhere is removed at rest, and looked for there (at-rest.ts). */
  #staysSmall(effect: Effect): void {
    const bytes = this.#stack().disk.read(places.record)?.length ?? 0
    if (bytes > largestRecord) this.#broken('I9', effect, `the record has ${bytes} bytes`)
    const { holds = [], quarantine = [], knownTags = {} } = effect.record ?? {}
    if (Math.max(holds.length, quarantine.length, Object.keys(knownTags).length) > mostListed) this.#broken('I9', effect, 'the record lists ever more')
  }

  /** I8: polling never takes on what is in quarantine. */
  #takesOnNothingQuarantined(effect: Effect): void {
    const { operation, quarantine = [] } = effect.record ?? {}
    if (!operation || operation.origin !== 'polling' || operation.phase !== 'preparing' || operation.step !== null || operation.failure !== null) return
    if (quarantine.some(({ commit }) => commit === operation.target.commit)) this.#broken('I8', effect, `polling takes on ${operation.target.tag}, which is in quarantine`)
  }

  /** I8: what is built is the commit that the tag named when it was first seen. */
  #buildsWhatTheTagNames(effect: Effect): void {
    const { durableRecord } = this.#stack()
    const operation = durableRecord?.operation
    if (!operation || operation.kind !== 'apply') return
    if (durableRecord?.knownTags[operation.target.tag] !== effect.commit) this.#broken('I8', effect, `${operation.target.tag} does not name this commit`)
  }

  /** I10: the way back is on the disk before the traffic leaves: to go back is one rename. */
  #wayBackIsReady(effect: Effect): void {
    const { durableRecord, disk } = this.#stack()
    const generations = durableRecord?.operation?.generations
    if (!generations || effect.generation !== generations.target || durableRecord?.operation?.phase !== 'switching') return
    if (disk.readDurable(`${places.staging}/routes-${generations.back}.yml`) === null) this.#broken('I10', effect, 'no way back is prepared')
  }

  /** I10: while the traffic is on a release that failed and the old color is well, it goes back before anything else is done. */
  #trafficFirst(effect: Effect): void {
    const stack = this.#stack()
    const operation = stack.durableRecord?.operation
    if (!operation || operation.failure === null || (operation.phase !== 'switching' && operation.phase !== 'swapping')) return
    // Users are served: a singleton that is down is brought back to its end, also when the old color gets well meanwhile.
    if (operation.id === this.#servedMeanwhile && effect.services?.every((service) => singletonServices(stack.topology).includes(service))) return
    // With the stamp of the way back it was taken, and somebody changed the file by hand since.
    if (operation.generations !== null && stack.traefik.says?.generation === operation.generations.back) return
    if (stack.routed === operation.targetColor && stack.isColorHealthy(operation.fromColor)) this.#broken('I10', effect, 'the traffic is still on the release that failed')
  }

  #servesMeanwhile(): void {
    const stack = this.#stack()
    const operation = stack.durableRecord?.operation
    if (!operation || operation.failure === null) return
    this.#servedMeanwhile = stack.routed === operation.targetColor && this.#mayLookIll(operation.fromColor) ? operation.id : null
  }

  /** It is, or it has just come up: an answer of before that may come late. */
  #mayLookIll(color: Color): boolean {
    const stack = this.#stack()
    return !stack.isColorHealthy(color) || stack.instancesOf(color).some((instance) => stack.time.now - (instance?.startedAt ?? 0) < oldAnswers)
  }
}
