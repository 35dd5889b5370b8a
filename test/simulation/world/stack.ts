import { internalEntryPoint } from '../../../src/rollout/stamp.ts'
import type { HistoryEntry, LoadedRecord, Release, UpdaterRecord } from '../../../src/rollout/model.ts'
import { servicesOf, singletonServices, type Color, type Topology } from '../../../src/rollout/topology.ts'
import { Effects, type EffectWatch } from './effects.ts'
import { Engine, type Image, type Instance } from './engine.ts'
import { Git } from './git.ts'
import { Images } from './images.ts'
import { releaseOf, type ReleaseKind } from './releases.ts'
import { plainText, readText } from './routes-text.ts'
import { Traefik } from './traefik.ts'
import type { VirtualTime } from './virtual-time.ts'

/** What lies on the state directory's disk. */
export interface Disk {
  record: LoadedRecord
  /** Prepared versions of the routes file, by generation. */
  readonly staged: Map<string, string>
  readonly copies: string[]
  history: HistoryEntry[]
}

/** Everything outside of the daemon: engine, images, Traefik, disk, git. Outlives every daemon. */
export class Stack {
  readonly topology: Topology
  readonly time: VirtualTime
  readonly engine: Engine
  readonly images: Images
  readonly traefik: Traefik
  readonly effects: Effects
  readonly disk: Disk = { record: { kind: 'none' }, staged: new Map(), copies: [], history: [] }
  readonly git = new Git()
  /** Commits whose compose files were kept at an adoption. */
  readonly adopted = new Set<string>()
  /** Containers that answered a probe well, and so are proven to the updater. */
  readonly proven = new Set<string>()
  readonly violations: string[] = []
  freeBytes = 1_000_000_000
  /** Whether this installation has an internal entry point for previews. */
  hasPreviews = true
  readonly #kinds = new Map<string, ReleaseKind>()
  #imagesMade = 0

  constructor(time: VirtualTime, topology: Topology, releases: Readonly<Record<string, ReleaseKind>>, watch: EffectWatch) {
    this.time = time
    this.topology = topology
    this.engine = new Engine(time)
    this.images = new Images((service) => this.#imageName(service))
    this.traefik = new Traefik(time, [...this.publicEntryPoints, internalEntryPoint])
    this.effects = new Effects(time, watch)
    for (const [tag, kind] of Object.entries(releases)) this.publish(releaseOf(tag), kind)
  }

  get publicEntryPoints(): string[] {
    return this.topology.groups.map(({ entryPoint }) => entryPoint)
  }

  /** The record on the disk; null when there is none that can be read. */
  get record(): UpdaterRecord | null {
    return this.disk.record.kind === 'record' ? this.disk.record.record : null
  }

  /** The color that the file serves. */
  get routed(): Color | null {
    return this.traefik.file === null ? null : (readText(this.traefik.file)?.active ?? null)
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
    this.traefik.replaced(this.topology.groups.length > 0 ? plainText(color) : null)
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
    return servicesOf(this.topology, color).map((service) => this.engine.of(service)[0])
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
