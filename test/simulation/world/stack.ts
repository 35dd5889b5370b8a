import { internalEntryPoint } from '../../../src/rollout/stamp.ts'
import type { LoadedRecord, Release, UpdaterRecord } from '../../../src/rollout/model.ts'
import { servicesOf, singletonServices, type Color, type Topology } from '../../../src/rollout/topology.ts'
import { dirname } from '../../../src/rollout/paths.ts'
import { Disk, type Survival } from './disk.ts'
import { Effects, type EffectWatch } from './effects.ts'
import { Engine, engineTimes, type Image, type Instance } from './engine.ts'
import { Git } from './git.ts'
import { Images } from './images.ts'
import { releaseOf, type ReleaseKind } from './releases.ts'
import { plainText, readBytes } from './routes-text.ts'
import { places, recordIn } from './state-directory.ts'
import { Traefik } from './traefik.ts'
import type { VirtualTime } from './virtual-time.ts'

/** Everything outside of the daemon: engine, images, Traefik, disk, git. Outlives every daemon. */
export class Stack {
  readonly topology: Topology
  readonly time: VirtualTime
  readonly engine: Engine
  readonly images: Images
  readonly traefik: Traefik
  readonly effects: Effects
  readonly disk = new Disk()
  readonly git = new Git()
  /** Commits whose compose files were kept at an adoption. */
  readonly adopted = new Set<string>()
  /** Containers that answered a probe well, and so are proven to the updater. */
  readonly proven = new Set<string>()
  readonly violations: string[] = []
  freeBytes = 1_000_000_000
  /** Whether this installation has an internal entry point for previews. */
  hasPreviews = true
  /** Until then containers boot after the host came back: nobody can serve before. */
  bootingUntil = 0
  /** When somebody last routed a color by hand; 0: never. */
  routedByHandAt = 0
  /** Power cuts so far. */
  cuts = 0
  /** When somebody else last did something to the engine, ms; what a daemon saw before that may be wrong by no fault of its own. */
  othersActedAt = -Infinity
  /** Something between Traefik and the updater takes the stamps off the answers. */
  losesStamps = false
  readonly #kinds = new Map<string, ReleaseKind>()
  #imagesMade = 0

  constructor(time: VirtualTime, topology: Topology, releases: Readonly<Record<string, ReleaseKind>>, watch: EffectWatch) {
    this.time = time
    this.topology = topology
    this.engine = new Engine(time)
    this.images = new Images((service) => this.#imageName(service))
    for (const path of [places.record, places.routes, `${places.staging}/x`]) this.disk.makeDirectory(dirname(path))
    this.disk.powerCut(() => 1)
    this.traefik = new Traefik(time, this.disk, [...this.publicEntryPoints, internalEntryPoint])
    this.disk.onChange = (path) => {
      if (path === places.routes) this.traefik.noticed()
    }
    this.effects = new Effects(time, watch)
    for (const [tag, kind] of Object.entries(releases)) this.publish(releaseOf(tag), kind)
  }

  /** Between a daemon's last look and what it does then there is always a moment in which somebody may come. */
  get othersActedLately(): boolean {
    return this.time.now - this.othersActedAt <= 250
  }

  get publicEntryPoints(): string[] {
    return this.topology.groups.map(({ entryPoint }) => entryPoint)
  }

  /** The record as everybody reads it; null when there is none that can be read. */
  get record(): UpdaterRecord | null {
    const loaded = this.recordFile
    return loaded.kind === 'record' ? loaded.record : null
  }

  /** What the record's file says. */
  get recordFile(): LoadedRecord {
    return recordIn(this.disk.read(places.record))
  }

  /** The record that a power cut would leave for certain. */
  get durableRecord(): UpdaterRecord | null {
    const loaded = recordIn(this.disk.readDurable(places.record))
    return loaded.kind === 'record' ? loaded.record : null
  }

  /** The color that the file serves. */
  get routed(): Color | null {
    return this.traefik.says?.active ?? null
  }

  /** Stamp of the routes file that a power cut would leave for certain; null when it has none. */
  get durableGeneration(): string | null {
    const bytes = this.disk.readDurable(places.routes)
    return bytes === null ? null : (readBytes(bytes)?.generation ?? null)
  }

  /** Whether a prepared version of the routes survives a power cut. */
  isStagedDurably(generation: string): boolean {
    const bytes = this.disk.readDurable(`${places.staging}/routes-${generation}.yml`)
    return bytes !== null && readBytes(bytes)?.generation === generation
  }

  /** The color that a prepared version of the routes would serve; null when there is no such version. */
  stagedColor(generation: string): Color | null {
    const bytes = this.disk.read(`${places.staging}/routes-${generation}.yml`)
    return bytes === null ? null : (readBytes(bytes)?.active ?? null)
  }

  /** The host loses its power and comes back: what was under way is gone, containers are started again as their policy says. */
  powerCut(survival: Survival): void {
    this.cuts += 1
    this.time.forgetAll()
    this.disk.powerCut(survival)
    this.engine.comeBack('the host went down')
    this.bootingUntil = this.time.now + engineTimes.boot
    this.traefik.readNow()
  }

  /** Before the updater came: one color of this release and the singletons run, routed by the predecessor's plain file. */
  installed(release: Release, color: Color, labelled: boolean): void {
    const image = { ...this.makeImage(release, 'good'), ...(!labelled && { commit: null, version: null }) }
    for (const service of [...servicesOf(this.topology, color), ...singletonServices(this.topology)]) {
      this.images.current.set(service, image)
      const instance = this.engine.create(service, image, this.isSingleton(service))
      this.engine.launch(instance)
      instance.startedAt = this.time.now - 3_600_000
    }
    this.traefik.replaced(this.topology.groups.length > 0 ? plainText(color, this.topology) : null)
    this.traefik.readNow()
  }

  /** A release comes up on the remote. */
  publish({ tag, commit }: Release, kind: ReleaseKind): void {
    this.#kinds.set(commit, kind)
    this.git.publish(tag, commit)
  }

  makeImage({ commit, version }: Release, kind: ReleaseKind): Image {
    this.#imagesMade += 1
    return { id: `i${this.#imagesMade}`, commit, version, kind }
  }

  kindOf(commit: string): ReleaseKind {
    return this.#kinds.get(commit) ?? 'good'
  }

  hasFilesOf(commit: string): boolean {
    return this.git.checkouts.has(commit) || this.adopted.has(commit)
  }

  isSingleton(service: string): boolean {
    return singletonServices(this.topology).includes(service)
  }

  colorOf(service: string): Color | null {
    const group = this.topology.groups.find(({ services }) => services.blue === service || services.green === service)
    if (group === undefined) return null
    return group.services.blue === service ? 'blue' : 'green'
  }

  /** The one container of each of the color's services; undefined where there is none. */
  instancesOf(color: Color): (Instance | undefined)[] {
    return servicesOf(this.topology, color).map((service) => this.engine.oneOf(service))
  }

  isColorHealthy(color: Color): boolean {
    return this.instancesOf(color).every((instance) => instance !== undefined && this.engine.isHealthy(instance))
  }

  /** The test asked for something that the world does not know: the test is wrong, or the core is. */
  unmodelled(what: string): Error {
    this.violations.push(`not modelled: ${what}`)
    return new Error(`the simulated world does not model this: ${what}`)
  }

  #imageName(service: string): string {
    return this.topology.groups.find(({ services }) => services.blue === service || services.green === service)?.name ?? service
  }
}
