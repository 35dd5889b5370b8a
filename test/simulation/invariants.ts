import type { UpdaterRecord } from '../../src/rollout/model.ts'
import { stepNames } from '../../src/rollout/plan.ts'
import { colors, otherColor } from '../../src/rollout/topology.ts'
import type { Status } from '../../src/updater/service.ts'
import { Conduct } from './conduct.ts'
import { Knowledge } from './knowledge.ts'
import { Single } from './single.ts'
import { WholeFiles } from './whole-files.ts'
import { tell, type Effect, type EffectWatch } from './world/effects.ts'
import type { Instance } from './world/engine.ts'
import type { Life } from './world/life.ts'
import type { Stack } from './world/stack.ts'
import { places } from './world/state-directory.ts'

/** What the invariants are held against besides the world itself. */
export interface Watched {
  readonly stack: Stack
  /** Limit of the drain, ms. */
  readonly drain: number
  /** Status of the daemon that lives; null when none does. */
  status(): Status | null
  /** An operator's unpause is under way: the one moment when holds may go. */
  readonly unpausing: boolean
  /** Something was broken from outside and is not mended yet: what the world itself falsifies is not held against the daemon. */
  readonly disturbed: boolean
  /** The daemon that may change the world; null before the first. */
  readonly holder: Life | null
}

/**
 * invariants.md, checked before and after every effect. Rules about an effect always count; rules about the state of
 * the world do not while it is disturbed from outside.
 */
export class Invariants implements EffectWatch {
  readonly #watched: () => Watched
  #wasPaused = false
  readonly #knowledge: Knowledge
  readonly #files: WholeFiles
  readonly #conduct: Conduct
  readonly #single: Single
  readonly #askedAt = new WeakMap<Effect, number>()

  constructor(watched: () => Watched) {
    this.#watched = watched
    this.#knowledge = new Knowledge(() => watched().holder)
    this.#conduct = new Conduct(() => watched().stack, () => watched().holder, (invariant, effect, why) => this.#broken(invariant, effect, why))
    this.#single = new Single(() => watched().stack, (effect, why) => this.#broken('I2', effect, why))
    this.#files = new WholeFiles(() => watched().stack, (effect, why) => this.#broken('I6', effect, why))
  }

  /** I7: judged by what is durable when a daemon asks for it. */
  asked(effect: Effect, life: Life): void {
    this.#conduct.asked(effect, life)
    this.#askedAt.set(effect, this.#watched().stack.time.now)
    switch (effect.name) {
      case 'router.activate':
        return this.#activatesIntended(effect)
      case 'runtime.stop':
        // What it hears later, such as that another daemon took over, does not call back what is on its way.
        if (this.#knowledge.isUndetermined(life) && this.#endedBy(effect) !== undefined) this.#broken('I3', effect, 'the commit is undetermined')
        return this.#touchesSingletonOpenly(effect)
      case 'runtime.remove':
        return this.#touchesSingletonOpenly(effect)
      case 'runtime.build':
        return this.#intended(effect, stepNames.build, 'preparing')
      case 'source.checkout':
        return this.#intended(effect, stepNames.checkout, 'preparing')
      case 'source.fetch':
        if (this.#operation?.step !== stepNames.fetch) this.#broken('I7', effect, 'no durable intent to fetch')
        break
      case 'source.bringTree':
        if (this.#operation?.phase !== 'retiring') this.#broken('I7', effect, 'the tree is only brought after the commit point')
        break
      case 'runtime.tag':
      case 'runtime.up':
        return this.#createsIntended(effect)
      default:
    }
  }

  /** I1, I3: judged by the world when it takes effect. */
  before(effect: Effect): void {
    this.#single.before(effect)
    if (effect.name === 'router.activate') this.#activatesProven(effect)
    if (effect.name === 'runtime.stop') this.#stopsUnused(effect)
  }

  after(effect: Effect): void {
    this.#single.after(effect)
    this.look(effect)
  }

  succeeded(effect: Effect, life: Life): void {
    this.#files.succeeded(effect, life === this.#watched().holder)
    this.#conduct.succeeded(effect)
  }

  afterFile(effect: Effect): void {
    this.#files.afterFile(effect)
    if (effect.to === places.record) {
      this.#holdsStay(effect)
      this.#onlyForward(effect)
    }
    if (effect.name === 'files.rename') this.look(effect)
  }

  beforePowerCut(): void {
    this.#files.beforePowerCut()
  }

  afterPowerCut(): void {
    this.#files.afterPowerCut()
    // An unpause may have reached the disk without anybody having heard of it.
    this.#wasPaused &&= this.#knowledge.holds.length > 0
  }

  /** The rules about the world's state, at any moment. */
  look(effect: Effect | null): void {
    if (this.#watched().disturbed) return
    this.#single.look(effect)
    this.#served(effect)
    this.#oldColorRuns(effect)
    this.#told(effect)
  }

  /** What this daemon was told of a write of the record, or read in it. */
  writeFailed(life: Life, record: UpdaterRecord): void {
    this.#knowledge.writeFailed(life, record)
  }

  known(life: Life, record: UpdaterRecord): void {
    this.#knowledge.known(life, record)
  }

  /** By the record that a power cut would leave: what is not durable authorises nothing (I7). */
  get #operation(): UpdaterRecord['operation'] {
    return this.#watched().stack.durableRecord?.operation ?? null
  }

  /** I1: no color comes into traffic that was not proven, unless none is healthy. */
  #activatesProven(effect: Effect): void {
    const { stack } = this.#watched()
    const color = this.#colorOfGeneration(effect.generation)
    if (color === null || color === stack.routed || stack.topology.groups.length === 0) return
    if (colors.every((any) => !stack.isColorHealthy(any))) return
    if (stack.othersActedLately) return
    const instances = stack.instancesOf(color)
    if (!stack.isColorHealthy(color)) this.#broken('I1', effect, `routes to ${color}, which is not healthy`)
    if (instances.some((instance) => instance !== undefined && !stack.proven.has(instance.id))) this.#broken('I1', effect, `routes to ${color}, which nobody asked yet`)
  }

  /** I7: a generation is in the record before it is in force. */
  #activatesIntended(effect: Effect): void {
    const { record } = this.#watched().stack
    const operation = record?.operation
    const { generation } = effect
    if (generation === record?.generation) return
    if (operation && generation === operation.generations?.back) return
    if (operation && generation === operation.generations?.target && operation.phase === 'switching' && operation.step === stepNames.switch) return
    this.#broken('I7', effect, 'this generation is not in the durable record')
  }

  /** I1, I3: only a color that the record gave up and Traefik has left for a full drain is stopped. */
  #stopsUnused(effect: Effect): void {
    const { stack, drain } = this.#watched()
    const instance = this.#endedBy(effect)
    // What was right when it was asked for may land when somebody has routed by hand since.
    if (instance === undefined || (this.#askedAt.get(effect) ?? 0) < stack.routedByHandAt) return
    const color = stack.colorOf(instance.service)
    if (color === null) return
    if (stack.traefik.mayUse(color, stack.publicEntryPoints)) this.#broken('I1', effect, `Traefik may still use ${color}`)
    const left = stack.traefik.leftAt(color)
    const arrived = instance.startedAt ?? 0
    if (left !== null && left >= arrived && stack.time.now - left < drain) this.#broken('I1', effect, `${color} was left ${stack.time.now - left} ms ago, the drain is ${drain} ms`)
    if (this.#keptColor() === color) this.#broken('I3', effect, `the record still needs ${color}`)
  }

  /** The container that this effect would end; none when it does not run anyway. */
  #endedBy({ containerId }: Effect): Instance | undefined {
    const instance = this.#watched().stack.engine.find(containerId ?? '')
    return instance?.state === 'exited' || instance?.state === 'created' ? undefined : instance
  }

  /** The color that may not be stopped, by the durable record. */
  #keptColor(): string | null {
    const { record } = this.#watched().stack
    if (record === null) return null
    const { operation } = record
    if (operation === null) return record.activeColor
    return operation.phase === 'retiring' ? operation.targetColor : operation.fromColor
  }

  /** I2, I7: a singleton is only taken away in its own phase, or because there are too many of it. */
  #touchesSingletonOpenly(effect: Effect): void {
    const { stack } = this.#watched()
    const instance = stack.engine.find(effect.containerId ?? '')
    if (instance === undefined || !instance.singleton || stack.engine.of(instance.service).length > 1) return
    if (this.#operation?.phase !== 'swapping') this.#broken('I7', effect, 'a singleton is touched outside of its phase')
  }

  #intended(effect: Effect, step: string, phase: string): void {
    const operation = this.#operation
    if (operation?.step !== step || operation.phase !== phase || operation.target.commit !== effect.commit) {
      this.#broken('I7', effect, `no durable intent of ${step}`)
    }
  }

  /** I7, I8: what is created or tagged is the target by intent, or a release that the record authorises to be put back. */
  #createsIntended(effect: Effect): void {
    const { record, topology } = this.#watched().stack
    if (effect.services?.length === 0) return
    if (record === null) return this.#broken('I7', effect, 'there is no record')
    const { operation } = record
    if (operation === null) {
      if (effect.commit !== record.active.commit) this.#broken('I7', effect, 'not the active release')
      return
    }
    if (effect.commit === (operation.phase === 'retiring' ? operation.target : operation.from).commit) return
    // A bot of an earlier release than the rest goes back to its own (R10).
    if (operation.phase === 'swapping' && operation.singletonsBefore.some(({ service, release }) => release?.commit === effect.commit && effect.services?.join() === service)) return
    const intents = topology.singletons.flatMap(({ name, service }) => (effect.services?.includes(service) === true ? [stepNames.restart(name)] : []))
    const starts = (effect.services ?? []).filter((service) => this.#watched().stack.colorOf(service) !== null).map(stepNames.start)
    const wanted = [...intents, ...starts].join(', ')
    if (effect.commit !== operation.target.commit || operation.step !== wanted) this.#broken('I7', effect, `no durable intent of ${wanted}, only of ${operation.step}`)
  }

  /** I4: what holds stays until somebody unpauses. A hold whose write was reported as failed may change, but something holds. */
  #holdsStay(effect: Effect): void {
    const { stack, unpausing } = this.#watched()
    const { holds } = this.#knowledge
    const { record } = stack
    if (record === null) return
    const reasons = record.holds.map(({ reason }) => reason)
    const lost = holds.find((reason) => !reasons.includes(reason))
    if (lost !== undefined && !unpausing) this.#broken('I4', effect, `the hold "${lost}" is gone`)
    const isPaused = reasons.length > 0 || record.operation !== null
    if (this.#wasPaused && !isPaused && !unpausing) this.#broken('I4', effect, 'nothing holds any more')
    // A pause that was answered with "not paused" may be on the disk; it need not stay there.
    this.#wasPaused = record.holds.some(({ origin, reason }) => origin !== 'operator' || holds.includes(reason))
  }

  /** I3: after the commit point there is only forward. */
  #onlyForward(effect: Effect): void {
    const operation = this.#operation
    if (operation === null || operation.id !== this.#knowledge.committed) return
    if (operation.phase !== 'retiring') this.#broken('I3', effect, 'a commit is taken back')
    if (operation.failure !== null) this.#broken('I3', effect, 'a committed operation turned round')
  }

  /** I1: wherever a request arrives, a healthy container answers it. */
  #served(effect: Effect | null): void {
    const { stack } = this.#watched()
    if (stack.time.now < stack.bootingUntil) return
    for (const group of stack.topology.groups) {
      const inForce = stack.traefik.at(group.entryPoint)
      if (inForce === null || inForce.active === null) continue
      const instance = stack.engine.oneOf(group.services[inForce.active])
      if (instance === undefined || !stack.engine.isHealthy(instance)) this.#broken('I1', effect, `${group.name} is served by ${inForce.active}, which does not answer`)
    }
  }

  /** I3: until the commit is durable the old color runs. */
  #oldColorRuns(effect: Effect | null): void {
    const { stack } = this.#watched()
    const operation = this.#operation
    if (operation === null || operation.phase === 'retiring') return
    const { fromColor } = operation
    if (stack.topology.groups.some(({ services }) => stack.engine.oneOf(services[fromColor])?.state !== 'running')) {
      this.#broken('I3', effect, `the old color ${fromColor} does not run before the commit`)
    }
  }

  /** I11: the status agrees with the record and the world. */
  #told(effect: Effect | null): void {
    const { stack, holder } = this.#watched()
    const status = this.#watched().status()
    // From the first look on.
    const isUnbelieved = status?.active === null && status.findings.length > 0 && /^(damaged|newer)$/.test(stack.recordFile.kind)
    if (isUnbelieved && !status.paused) this.#broken('I4', effect, 'a record that cannot be read does not count as paused')
    if (status === null || status.active === null || this.#knowledge.isUndetermined(holder)) return
    if (status.state === 'idle' && status.operation !== null) this.#broken('I11', effect, 'idle with an open operation')
    if (status.paused !== (status.holds.length > 0 || status.maintenance !== null || status.observing !== null) || (status.paused && status.pauseReason === null)) this.#broken('I11', effect, 'paused without a reason')
    if (status.state !== 'idle' || status.activeColor === null) return
    if (stack.topology.groups.length > 0 && stack.routed !== status.activeColor) this.#broken('I11', effect, `told is ${status.activeColor}, routed is ${stack.routed}`)
    const other = otherColor(status.activeColor)
    if (stack.topology.groups.some(({ entryPoint }) => stack.traefik.at(entryPoint)?.active === other)) {
      this.#broken('I11', effect, `told is ${status.activeColor}, an entry point serves ${other}`)
    }
  }

  #colorOfGeneration(generation: string | undefined): 'blue' | 'green' | null {
    const { stack } = this.#watched()
    return generation === undefined ? null : stack.stagedColor(generation)
  }

  #broken(invariant: string, effect: Effect | null, why: string): void {
    const { stack } = this.#watched()
    stack.violations.push(`${invariant} at ${stack.time.now} ms${effect === null ? '' : ` by ${tell(effect)}`}: ${why}`)
  }
}
