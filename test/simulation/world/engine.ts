import type { Container } from '../../../src/rollout/model.ts'
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

/** What the engine knows of a container. */
export interface Instance {
  readonly id: string
  readonly service: string
  readonly image: Image
  readonly singleton: boolean
  state: Container['state']
  startedAt: number | null
  exitCode: number | null
  restarts: number
  /** Stopped on demand: the engine does not start it again by itself. */
  stoppedOnDemand: boolean
  /** Made ill by the test. */
  ill: boolean
  /** Starts so far; an exit that belongs to an earlier one is void. */
  run: number
}

export const engineTimes = { call: 2, create: 20, start: 40, exit: 60, boot: 400, die: 300, restart: 100 } as const

/** Containers and what becomes of them by themselves. Knows nothing of who asks. */
export class Engine {
  readonly instances: Instance[] = []
  /** Why it does not answer; null when it does. */
  fault: string | null = null
  /** Takes calls and never answers. */
  hangs = false
  /** Whether the singletons' images have a health check. */
  singletonsHaveHealthCheck = true
  /** Called with the service of a container that was started, ended or went away. */
  readonly listeners = new Set<(service: string) => void>()
  readonly #time: VirtualTime
  #created = 0

  constructor(time: VirtualTime) {
    this.#time = time
  }

  create(service: string, image: Image, singleton: boolean): Instance {
    this.#created += 1
    const instance: Instance = {
      id: `c${this.#created}-${service}`, service, image, singleton, state: 'created', startedAt: null, exitCode: null, restarts: 0,
      stoppedOnDemand: false, ill: false, run: 0,
    }
    this.instances.push(instance)
    return instance
  }

  launch(instance: Instance): void {
    instance.state = 'running'
    instance.startedAt = this.#time.now
    instance.exitCode = null
    instance.stoppedOnDemand = false
    instance.run += 1
    const { run } = instance
    if (dies(instance)) {
      this.#time.after(engineTimes.die, () => {
        if (instance.run === run && instance.state === 'running') this.#exitedByItself(instance, run)
      })
    }
    this.#tell(instance)
  }

  /** SIGTERM; resolves when the process is gone. */
  async end(instance: Instance): Promise<void> {
    instance.stoppedOnDemand = true
    const { run } = instance
    if (instance.state === 'running') await this.#time.pause(engineTimes.exit)
    if (instance.run === run && (instance.state === 'running' || instance.state === 'restarting')) this.exit(instance, 0)
  }

  exit(instance: Instance, code: number): void {
    instance.state = 'exited'
    instance.exitCode = code
    this.#tell(instance)
  }

  discard(instance: Instance): void {
    this.instances.splice(this.instances.indexOf(instance), 1)
    this.#tell(instance)
  }

  find(id: string): Instance | undefined {
    return this.instances.find((instance) => instance.id === id)
  }

  of(service: string): Instance[] {
    return this.instances.filter((instance) => instance.service === service)
  }

  /** Whether it answers its health endpoint, or passes its health check. */
  isHealthy(instance: Instance): boolean {
    if (instance.state !== 'running' || instance.startedAt === null || instance.ill) return false
    const { kind } = instance.image
    if (instance.singleton ? kind === 'bot never healthy' || kind === 'bot dies' : kind === 'never healthy' || kind === 'exits') return false
    return this.#time.now - instance.startedAt >= engineTimes.boot
  }

  /** Runs, or would be started by the engine: what must not exist twice (I2). */
  isStartable({ state, stoppedOnDemand }: Instance): boolean {
    return state === 'exited' || state === 'dead' ? !stoppedOnDemand : state !== 'created'
  }

  #tell({ service }: Instance): void {
    for (const listener of this.listeners) listener(service)
  }

  #exitedByItself(instance: Instance, run: number): void {
    instance.state = 'restarting'
    instance.exitCode = 3
    this.#tell(instance)
    this.#time.after(engineTimes.restart * 2 ** Math.min(instance.restarts, 6), () => {
      if (instance.run !== run || instance.state !== 'restarting') return
      instance.restarts += 1
      this.launch(instance)
    })
  }
}

function dies({ image, singleton }: Instance): boolean {
  return image.kind === (singleton ? 'bot dies' : 'exits')
}
