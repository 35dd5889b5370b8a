import { UpdaterError } from '../../../src/rollout/errors.ts'
import type { Container } from '../../../src/rollout/model.ts'
import { cutOff, said, type Output } from './output.ts'
import type { ReleaseKind } from './releases.ts'
import type { VirtualTime } from './virtual-time.ts'

/** What an image was built from. */
export interface Image {
  readonly id: string
  /** Commit on its label; null when nobody recorded it. */
  readonly commit: string | null
  readonly version: string | null
  readonly kind: ReleaseKind
}

/** When the engine starts a container again by itself. */
export type RestartPolicy = 'no' | 'unless-stopped' | 'always'

/** What the engine knows of a container. */
export interface Instance {
  readonly id: string
  readonly service: string
  readonly image: Image
  readonly singleton: boolean
  readonly policy: RestartPolicy
  state: Container['state']
  startedAt: number | null
  exitCode: number | null
  restarts: number
  /** Stopped on demand: the engine does not start it again by itself. */
  stoppedOnDemand: boolean
  /** Made ill by the test. */
  ill: boolean
  /** What its health endpoint does, said by the test: a status, or it takes the question and never answers, or nothing listens. */
  answer: number | 'hangs' | 'refuses' | null
  /** Starts so far; an exit that belongs to an earlier one is void. */
  run: number
  output: readonly Output[]
  /** What somebody's compose waits for before it starts this one. */
  awaits?: readonly string[]
}

export const engineTimes = { call: 2, create: 20, start: 40, exit: 60, boot: 400, die: 300, restart: 100 } as const

/** How long Docker waits after SIGTERM when nobody says otherwise. */
export const usualGrace = 10_000

/** Containers and what becomes of them by themselves. Knows nothing of who asks. */
export class Engine {
  readonly instances: Instance[] = []
  /** Why it does not answer; null when it does. */
  fault: string | null = null
  /** Takes calls and never answers. */
  hangs = false
  /** Whether the singletons' images have a health check. */
  singletonsHaveHealthCheck = true
  /** Policy of a service's containers, where it is not `unless-stopped`. */
  readonly policies = new Map<string, RestartPolicy>()
  /** Called with the service of a container that was started, ended or went away. */
  readonly listeners = new Set<(service: string) => void>()
  readonly #time: VirtualTime
  #created = 0
  /** How often it went away: what was under way then does not go on. */
  #deaths = 0

  constructor(time: VirtualTime) {
    this.#time = time
  }

  create(service: string, image: Image, singleton: boolean): Instance {
    this.#created += 1
    const instance: Instance = {
      id: `c${this.#created}-${service}`, service, image, singleton, policy: this.policies.get(service) ?? 'unless-stopped',
      state: 'created', startedAt: null, exitCode: null, restarts: 0, stoppedOnDemand: false, ill: false, answer: null, run: 0, output: [],
    }
    this.instances.push(instance)
    return instance
  }

  /** A start on demand. */
  launch(instance: Instance): void {
    instance.restarts = 0
    this.#begin(instance)
  }

  /** SIGTERM, and SIGKILL when the grace is over; resolves when the process is gone. */
  async end(instance: Instance, grace: number = usualGrace): Promise<void> {
    instance.stoppedOnDemand = true
    const { run } = instance
    const obeys = instance.image.kind !== 'ignores SIGTERM' && engineTimes.exit <= grace
    if (instance.state === 'running') {
      instance.output = said(instance, this.#time.now, 'asked to end')
      await this.#time.pause(obeys ? engineTimes.exit : grace)
    }
    if (instance.run === run && isUp(instance)) this.exit(instance, obeys ? 0 : 137)
  }

  /** Its process ends, and its policy decides what comes next. */
  crash(instance: Instance, code = 137): void {
    if (instance.state !== 'running') return
    if (instance.policy === 'no') return this.exit(instance, code)
    const { run } = instance
    instance.state = 'restarting'
    instance.exitCode = code
    instance.output = cutOff(instance, this.#time.now)
    this.#tell(instance)
    this.#time.after(engineTimes.restart * 2 ** Math.min(instance.restarts, 6), () => {
      if (instance.run !== run || instance.state !== 'restarting') return
      instance.restarts += 1
      this.#begin(instance)
    })
  }

  exit(instance: Instance, code: number): void {
    instance.state = 'exited'
    instance.exitCode = code
    instance.output = cutOff(instance, this.#time.now)
    this.#tell(instance)
  }

  discard(instance: Instance): void {
    const index = this.instances.indexOf(instance)
    if (index === -1) return
    this.instances.splice(index, 1)
    this.#tell(instance)
  }

  /** Its process is killed: it answers nobody until `comeBack`, and what it was doing is left as it is. Containers run on. */
  die(reason: string): void {
    this.#deaths += 1
    this.fault = reason
  }

  /**
   * Starts again. Without live-restore what still ran is killed first. After its own death only `always` is started,
   * what was stopped on demand included; when the host went down with it also `unless-stopped`, those left out that were stopped on demand.
   */
  comeBack(after: 'its death' | 'the host went down'): void {
    this.fault = null
    const ran = this.instances.filter(isUp)
    for (const instance of ran) this.exit(instance, 137)
    for (const instance of this.instances.filter(({ state }) => state === 'exited')) {
      const wanted = after === 'the host went down' && instance.policy === 'unless-stopped' && !instance.stoppedOnDemand
      if (instance.policy === 'always' || wanted) this.launch(instance)
    }
  }

  /** Time that one of its calls takes. @throws engine_unreachable when it went away meanwhile */
  async passes(milliseconds: number): Promise<void> {
    const deaths = this.#deaths
    await this.#time.pause(milliseconds)
    if (this.#deaths !== deaths) throw new UpdaterError('engine_unreachable', this.fault ?? 'socket hang up')
  }

  find(id: string): Instance | undefined {
    return this.instances.find((instance) => instance.id === id)
  }

  of(service: string): Instance[] {
    return this.instances.filter((instance) => instance.service === service)
  }

  /** Whether there is more than one of them. */
  hasSeveral(service: string): boolean {
    return this.oneOf(service) !== this.instances.findLast((instance) => instance.service === service)
  }

  /** The first one of them. */
  oneOf(service: string): Instance | undefined {
    return this.instances.find((instance) => instance.service === service)
  }

  /** Whether it answers its health endpoint, or passes its health check. */
  isHealthy(instance: Instance): boolean {
    if (instance.state !== 'running' || instance.startedAt === null || instance.ill) return false
    const { answer } = instance
    if (answer !== null && !(typeof answer === 'number' && answer >= 200 && answer < 300)) return false
    const { kind } = instance.image
    if (instance.singleton ? kind === 'bot never healthy' || kind === 'bot dies' : kind === 'never healthy' || kind === 'exits') return false
    return this.#time.now - instance.startedAt >= engineTimes.boot
  }

  /** Runs, or would be started by the engine: what must not exist twice (I2). */
  isStartable({ state, policy, stoppedOnDemand }: Instance): boolean {
    if (state !== 'exited' && state !== 'dead') return state !== 'created'
    return policy === 'always' || (policy === 'unless-stopped' && !stoppedOnDemand)
  }

  #begin(instance: Instance): void {
    instance.state = 'running'
    instance.startedAt = this.#time.now
    instance.exitCode = null
    instance.stoppedOnDemand = false
    instance.run += 1
    instance.output = said(instance, this.#time.now, 'begins')
    const { run } = instance
    if (dies(instance)) {
      this.#time.after(engineTimes.die, () => {
        if (instance.run === run && instance.state === 'running') this.crash(instance, 3)
      })
    } else {
      instance.output = said(instance, this.#time.now + engineTimes.boot, 'ready')
    }
    this.#tell(instance)
  }

  #tell({ service }: Instance): void {
    for (const listener of this.listeners) listener(service)
  }
}

/** Whether its process runs, or is about to again. */
export function isUp({ state }: Instance): boolean {
  return state === 'running' || state === 'restarting'
}

/** Whether its process ends by itself a moment after its start. */
function dies({ image, singleton }: Instance): boolean {
  return image.kind === (singleton ? 'bot dies' : 'exits')
}
