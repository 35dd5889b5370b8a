import { UpdaterError } from '../../../src/rollout/errors.ts'
import type { Adoption, BuildProgress, BuildReport, Container, Release } from '../../../src/rollout/model.ts'
import type { ContainerRuntime } from '../../../src/rollout/ports.ts'
import { untilAborted } from '../../../src/rollout/within.ts'
import { composeUp, wouldReplace } from './compose.ts'
import type { Deed } from './effects.ts'
import { engineTimes, type Instance } from './engine.ts'
import type { Life } from './life.ts'
import { linesOf } from './output.ts'
import type { Stack } from './stack.ts'

/** Time and space that one image takes. */
const buildCost = { milliseconds: 2_000, bytes: 1_000_000 } as const

/** The container runtime of the simulated world, as one daemon holds it. */
export class SimulatedRuntime implements ContainerRuntime {
  readonly #stack: Stack
  readonly #life: Life
  /** Virtual ms → date: every look tells the same ones, and each takes longer to write than all else that it tells of a container. */
  readonly #dates = new Map<number, string>()

  constructor(stack: Stack, life: Life) {
    this.#stack = stack
    this.#life = life
  }

  containers(services: readonly string[], signal: AbortSignal): Promise<Container[]> {
    return this.#look('containers', signal, () => this.#stack.engine.instances.filter(({ service }) => services.includes(service)).map((instance) => this.#view(instance)))
  }

  preflight(release: Release, services: readonly string[], needBytes: number, signal: AbortSignal): Promise<void> {
    return this.#look('preflight', signal, () => {
      if (services.length === 0) return
      if (!this.#stack.hasFilesOf(release.commit)) throw new UpdaterError('release_refused', `There are no compose files of ${release.tag}.`)
      if (this.#stack.kindOf(release.commit) === 'preflight refuses') {
        throw new UpdaterError('release_refused', `${release.tag} cannot run here: docker-compose.yml:1:1 at ${release.tag}: there is no service ${services.at(-1)}; docker-compose.yml:8:16 at ${release.tag}: this wants the variable NOBODY_SETS_THIS.`)
      }
      if (this.#stack.freeBytes < needBytes) throw new UpdaterError('disk_full', `${needBytes} bytes are needed and ${this.#stack.freeBytes} are free.`)
    })
  }

  build(release: Release, services: readonly string[], onProgress: (progress: BuildProgress) => void, signal: AbortSignal): Promise<BuildReport> {
    return this.#act({ name: 'runtime.build', services, commit: release.commit }, signal, async () => {
      const { images, engine } = this.#stack
      const wanted = services.filter((service) => images.get(service, release.commit) === undefined)
      if (wanted.length === 0) return { bytes: 0, built: [] }
      if (!this.#stack.git.mirror.has(release.commit)) throw new UpdaterError('build_failed', `There are no sources of ${release.tag}.`)
      const kind = this.#stack.kindOf(release.commit)
      for (const service of wanted) onProgress({ service, line: 'building' })
      // An abort cancels the build in the engine.
      await untilAborted(signal, kind === 'build hangs' ? new Promise(() => undefined) : engine.passes(buildCost.milliseconds))
      if (kind === 'does not build') {
        const logs = ['building', 'cannot find the module that nobody wrote']
        throw new UpdaterError('build_failed', `The build of ${wanted.join(', ')} failed: exit code 1.`, { details: { logs } })
      }
      for (const service of wanted) onProgress({ service, line: 'built' })
      for (const service of wanted) {
        const image = images.get(service, release.commit) ?? this.#stack.makeImage(release, kind)
        images.name(service, release.commit, image)
      }
      return { bytes: wanted.length * buildCost.bytes, built: wanted }
    })
  }

  missingImages(release: Release, services: readonly string[], signal: AbortSignal): Promise<string[]> {
    return this.#look('missingImages', signal, () => services.filter((service) => this.#stack.images.get(service, release.commit) === undefined))
  }

  mistagged(release: Release, services: readonly string[], signal: AbortSignal): Promise<string[]> {
    return this.#look('mistagged', signal, () => services.filter((service) => {
      const image = this.#stack.images.get(service, release.commit)
      return image !== undefined && this.#stack.images.current.get(service) !== image
    }))
  }

  tag(release: Release, services: readonly string[], signal: AbortSignal): Promise<void> {
    return this.#act({ name: 'runtime.tag', services, commit: release.commit }, signal, async () => {
      for (const service of services) {
        const image = this.#stack.images.get(service, release.commit)
        if (image === undefined) throw new UpdaterError('image_missing', `There is no image of ${service} of ${release.tag}.`)
        this.#stack.images.current.set(service, image)
      }
    })
  }

  up(release: Release, services: readonly string[], signal: AbortSignal): Promise<Container[]> {
    // Judged when it is asked for: by the time it reaches the engine an operator's compose may have been there.
    const unasked = this.#life.dead || this.#stack.othersActedLately ? undefined : services.find((service) => wouldReplace(this.#stack, service))
    return this.#act({ name: 'runtime.up', services, commit: release.commit }, signal, async () => {
      if (unasked !== undefined) throw this.#stack.unmodelled(`compose would recreate ${unasked}, although the core promises to have removed its containers`)
      if (!this.#stack.hasFilesOf(release.commit)) throw new UpdaterError('compose_failed', `There are no compose files of ${release.tag}.`)
      const instances = await composeUp(this.#stack, services)
      return instances.map((instance) => this.#view(instance))
    })
  }

  start(id: string, signal: AbortSignal): Promise<void> {
    return this.#act({ name: 'runtime.start', containerId: id, ...this.#serviceOf(id) }, signal, async () => {
      const instance = this.#stack.engine.find(id)
      if (instance === undefined) throw new UpdaterError('engine_failed', `There is no container ${id}.`)
      if (instance.state === 'running' || instance.state === 'restarting') return
      await this.#stack.engine.passes(engineTimes.start)
      if (this.#stack.engine.find(id) === undefined) throw new UpdaterError('engine_failed', `There is no container ${id}.`)
      this.#stack.engine.launch(instance)
    })
  }

  stop(id: string, graceMs: number, signal: AbortSignal): Promise<void> {
    return this.#act({ name: 'runtime.stop', containerId: id, ...this.#serviceOf(id) }, signal, async () => {
      const instance = this.#stack.engine.find(id)
      if (instance === undefined) return
      await this.#stack.engine.end(instance, graceMs)
      if (this.#stack.engine.fault !== null) throw new UpdaterError('engine_unreachable', this.#stack.engine.fault)
    })
  }

  remove(id: string, signal: AbortSignal): Promise<void> {
    return this.#act({ name: 'runtime.remove', containerId: id, ...this.#serviceOf(id) }, signal, async () => {
      const instance = this.#stack.engine.find(id)
      if (instance === undefined) return
      if (instance.state === 'running' || instance.state === 'restarting') throw new UpdaterError('engine_failed', `${id} is running.`)
      this.#stack.engine.discard(instance)
    })
  }

  logs(id: string, lines: number, signal: AbortSignal): Promise<string[]> {
    return this.#look('logs', signal, () => {
      const instance = this.#stack.engine.find(id)
      return instance === undefined ? [] : linesOf(instance, this.#stack.time.now).slice(-lines)
    })
  }

  keepImage(containerId: string, operation: string, signal: AbortSignal): Promise<void> {
    return this.#act({ name: 'runtime.keepImage', containerId }, signal, async () => {
      const instance = this.#stack.engine.find(containerId)
      if (instance === undefined) throw new UpdaterError('engine_failed', `There is no container ${containerId}.`)
      this.#stack.images.keep(operation, instance.service, instance.image)
    })
  }

  restoreKept(operation: string, release: Release, services: readonly string[], signal: AbortSignal): Promise<void> {
    return this.#act({ name: 'runtime.restoreKept', services, commit: release.commit }, signal, async () => {
      const { images } = this.#stack
      for (const service of services) {
        const kept = images.kept.get(operation)?.get(service)
        if (kept !== undefined && images.get(service, release.commit) === undefined) images.name(service, release.commit, kept)
      }
    })
  }

  identify(containers: readonly Container[], signal: AbortSignal): Promise<Adoption> {
    return this.#look('identify', signal, () => {
      const images = containers.map(({ id }) => this.#mustFind(id).image)
      return { commit: common(images.map(({ commit }) => commit)), version: common(images.map(({ version }) => version)) }
    })
  }

  adopt(release: Release, containers: readonly Container[], absent: readonly string[], signal: AbortSignal): Promise<void> {
    return this.#act({ name: 'runtime.adopt', commit: release.commit, services: containers.map(({ service }) => service) }, signal, async () => {
      for (const { id } of containers) {
        const { service, image } = this.#mustFind(id)
        this.#stack.images.name(service, release.commit, image)
      }
      for (const service of release.commit.startsWith('adopted-') ? absent : []) {
        const image = this.#stack.images.current.get(service)
        if (image !== undefined && this.#stack.images.get(service, release.commit) === undefined) this.#stack.images.name(service, release.commit, image)
      }
      this.#stack.adopted.add(release.commit)
    })
  }

  prune(commits: ReadonlySet<string>, _services: readonly string[], signal: AbortSignal): Promise<void> {
    // Listed first: a removal that lands late takes nothing that was built since.
    const unneeded = this.#stack.images.unneeded(commits)
    return this.#act({ name: 'runtime.prune' }, signal, async () => this.#stack.images.prune(unneeded))
  }

  /** An event comes one call later; an engine that went away ends the stream. */
  follow(services: readonly string[], onChange: () => void, signal: AbortSignal): Promise<void> {
    const { engine, time } = this.#stack
    const following = (): Promise<void> => new Promise((resolve) => {
      const end = (): void => {
        engine.listeners.delete(hear)
        signal.removeEventListener('abort', end)
        resolve()
      }
      const hear = (service: string): void => {
        if (!services.includes(service)) return
        time.after(engineTimes.call, () => {
          if (this.#life.dead || signal.aborted || engine.fault !== null || engine.hangs) end()
          else onChange()
        })
      }
      if (signal.aborted) return end()
      engine.listeners.add(hear)
      signal.addEventListener('abort', end, { once: true })
      onChange()
    })
    return this.#life.call(async () => {
      try {
        await untilAborted(signal, this.#answering(following))
      } catch (error) {
        if (!signal.aborted) throw error
      }
    })
  }

  #view(instance: Instance): Container {
    const { id, service, state, image, restarts, exitCode, startedAt, singleton, awaits } = instance
    return {
      id, service, state, restarts, exitCode, imageId: image.id, commit: image.commit,
      health: singleton && !this.#stack.engine.singletonsHaveHealthCheck ? 'none' : this.#healthOf(instance),
      address: state === 'running' ? service : null,
      ports: {},
      startedAt: startedAt === null ? null : this.#dateOf(startedAt),
      ...(awaits !== undefined && { awaits }),
    }
  }

  #dateOf(time: number): string {
    const { clock } = this.#life
    const date = this.#dates.get(time) ?? new Date(clock.now() - clock.monotonic() + time).toISOString()
    this.#dates.set(time, date)
    return date
  }

  #healthOf(instance: Instance): Container['health'] {
    if (instance.state !== 'running') return 'starting'
    if (this.#stack.engine.isHealthy(instance)) return 'healthy'
    const age = this.#stack.time.now - (instance.startedAt ?? 0)
    return age < engineTimes.boot * 2 ? 'starting' : 'unhealthy'
  }

  #mustFind(id: string): Instance {
    const instance = this.#stack.engine.find(id)
    if (instance === undefined) throw new UpdaterError('engine_failed', `There is no container ${id}.`)
    return instance
  }

  #serviceOf(id: string): { services?: readonly string[] } {
    const instance = this.#stack.engine.find(id)
    return instance === undefined ? {} : { services: [instance.service] }
  }

  #look<T>(question: string, signal: AbortSignal, answer: () => T): Promise<T> {
    return this.#stack.effects.ask(this.#life, { name: `runtime.${question}` }, signal, () => this.#answering(async () => answer()))
  }

  #act<T>(deed: Deed, signal: AbortSignal, run: () => Promise<T>): Promise<T> {
    return this.#stack.effects.perform(this.#life, deed, signal, () => this.#answering(run))
  }

  async #answering<T>(run: () => Promise<T>): Promise<T> {
    await this.#stack.time.pause(engineTimes.call)
    const { fault, hangs } = this.#stack.engine
    if (hangs) return new Promise(() => undefined)
    if (fault !== null) throw new UpdaterError('engine_unreachable', fault)
    return run()
  }
}

function common(values: readonly (string | null)[]): string | null {
  const [first = null] = values
  return values.every((value) => value === first) ? first : null
}
