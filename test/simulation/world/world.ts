import { defaultGates, defaultLimits, defaultPolicy, type Policy } from '../../../src/rollout/limits.ts'
import type { CoreSettings } from '../../../src/rollout/context.ts'
import type { Color, Topology } from '../../../src/rollout/topology.ts'
import { UpdaterError } from '../../../src/rollout/errors.ts'
import type { Random, RecordStore } from '../../../src/rollout/ports.ts'
import { createHistoryStore } from '../../../src/storage/history-store.ts'
import { createRecordStore } from '../../../src/storage/record-store.ts'
import { createSpaceReserve } from '../../../src/storage/space-reserve.ts'
import { createTraefikRouter } from '../../../src/traefik/traefik-router.ts'
import type { RolloutEvent, Status } from '../../../src/updater/service.ts'
import { Updater } from '../../../src/updater/updater.ts'
import { Invariants, type Watched } from '../invariants.ts'
import type { Survival } from './disk.ts'
import { tell } from './effects.ts'
import { SimulatedFiles } from './files.ts'
import { Life } from './life.ts'
import { SimulatedProbe } from './probe.ts'
import { releaseOf, type ReleaseKind } from './releases.ts'
import { readAsUpdater, textOf } from './routes-text.ts'
import { SimulatedRuntime } from './runtime.ts'
import { seededRandom } from './seeded-random.ts'
import { SimulatedSource } from './source.ts'
import { Stack } from './stack.ts'
import { places, rememberedForm, reservePiece, storageChecks } from './state-directory.ts'
import { asEffects, fileEffectsOf, historyAsEffects, routerAsEffects } from './stores.ts'
import { usual } from './topologies.ts'
import { VirtualTime } from './virtual-time.ts'

export interface WorldOptions {
  readonly topology?: Topology
  /** Releases on the remote besides v1.0.0, which runs. */
  readonly releases?: Readonly<Record<string, ReleaseKind>>
  readonly policy?: Partial<Policy>
  /** Whether the images of v1.0.0 tell their commit. */
  readonly labelled?: boolean
  readonly color?: Color
  readonly seed?: number
}

/** One process of the daemon in the simulated world. */
export interface Daemon {
  readonly updater: Updater
  readonly life: Life
  readonly events: RolloutEvent[]
  readonly logged: string[]
}

/** How a promise of a daemon ended. */
export type Ended<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'error'; readonly error: unknown }
  | { readonly kind: 'died' }

/** Longest that anything is waited for, virtual ms. */
const patience = 60 * 60_000
export const watchInterval = 10_000

/** The stack, the clock, and the daemon that lives now. */
export class World implements Watched {
  readonly time = new VirtualTime()
  readonly stack: Stack
  /** What the next daemon that starts is told. */
  settings: CoreSettings
  /** See `Watched`. */
  disturbed = false
  hasAuthority = true
  /** Why nothing may be changed, such as a secret that cannot be used; null normally. */
  observing: string | null = null
  readonly #invariants: Invariants
  readonly #random: Random
  #fileNames = 0
  /** The daemon that holds the lock. */
  #holder: Life | null = null
  #daemon: Daemon | null = null
  #unpausing = false

  constructor(options: WorldOptions = {}) {
    const { topology = usual, releases = {}, policy = {}, labelled = true, color = 'blue', seed = 1 } = options
    this.settings = { topology, limits: defaultLimits, gates: defaultGates, policy: { ...defaultPolicy, ...policy } }
    this.#random = seededRandom(seed)
    this.#invariants = new Invariants(() => this)
    this.stack = new Stack(this.time, topology, { 'v1.0.0': 'good', ...releases }, this.#invariants)
    this.stack.installed(releaseOf('v1.0.0'), color, labelled)
  }

  get holder(): Life | null {
    return this.hasAuthority ? this.#holder : null
  }

  get unpausing(): boolean {
    return this.#unpausing
  }

  get drain(): number {
    return this.settings.limits.drain
  }

  status(): Status | null {
    return this.#daemon === null || this.#daemon.life.dead ? null : this.#daemon.updater.status()
  }

  get daemon(): Daemon {
    if (this.#daemon === null) throw new Error('no daemon was started yet')
    return this.#daemon
  }

  get updater(): Updater {
    return this.daemon.updater
  }

  /** A new process, not started yet. The one before must be dead or have left. */
  boot(): Daemon {
    const life = new Life(this.time)
    this.#holder = life
    const events: RolloutEvent[] = []
    const logged: string[] = []
    const log = (message: string): void => {
      if (!life.dead) logged.push(`${this.time.now}: ${message}`)
    }
    const files = new SimulatedFiles(this.stack.disk, this.stack.effects, life)
    const fileEffect = fileEffectsOf(this.stack, life)
    const authority = { check: () => this.#checkAuthority(life) }
    const told = { info: log, warn: log, error: log }
    const reserve = createSpaceReserve({ path: places.reserve, files, log: told, pieceSize: reservePiece })
    const storage = { files, random: this.#temporaryNames, log: told, checks: storageChecks, reserve }
    const updater = new Updater({
      ports: {
        source: new SimulatedSource(this.stack, life),
        runtime: new SimulatedRuntime(this.stack, life),
        router: routerAsEffects(createTraefikRouter({ routesPath: places.routes, stagingDirectory: places.staging, files, readRoutes: readAsUpdater, render: textOf, authority }), fileEffect),
        probe: new SimulatedProbe(this.stack, life),
        history: historyAsEffects(createHistoryStore({ path: places.history, ...storage }), fileEffect),
        clock: life.clock,
        random: this.#random,
        authority,
        log: told,
      },
      store: this.#watchedStore(life, asEffects(createRecordStore({ path: places.record, ...storage, form: rememberedForm, authority }), fileEffect)),
      settings: this.settings,
      watchInterval,
      observing: () => this.observing,
      // The process would end here; the simulated one goes on trying, so that each of its effects is seen to be refused.
      authorityLost: () => life.end(),
      polling: () => ({ enabled: false, lastLookAt: null, nextLookAt: null, newest: null, outcome: null }),
    })
    updater.subscribe((event) => events.push(event))
    this.#daemon = { updater, life, events, logged }
    return this.#daemon
  }

  /** A daemon that has looked once. */
  async start(): Promise<Daemon> {
    const daemon = this.boot()
    await this.drive(daemon.updater.start())
    return daemon
  }

  /** `kill -9`, and a new daemon over the same world. */
  async restart(): Promise<Daemon> {
    this.#daemon?.life.end()
    return this.start()
  }

  /** The host loses its power. Of what was not synced survives what is said; the daemon is to be started again. */
  powerCut(survival: Survival): void {
    this.#daemon?.life.end()
    this.#invariants.beforePowerCut()
    this.stack.powerCut(survival)
    this.#invariants.afterPowerCut()
  }

  /** Lets time pass until the promise settles, or the daemon dies. @throws when a rule is broken or nothing ever comes */
  async drive<T>(promise: Promise<T>, limit = patience): Promise<Ended<T>> {
    let ended: Ended<T> | null = null
    promise.then(
      (value) => { ended = { kind: 'value', value } },
      (error: unknown) => { ended = { kind: 'error', error } },
    )
    const deadline = this.time.now + limit
    for (;;) {
      await everythingWaits()
      this.#invariants.look(null)
      this.#assertUnbroken()
      if (ended !== null) return ended
      if (this.#daemon?.life.dead === true) return { kind: 'died' }
      if (this.time.now > deadline) throw new Error(`waited ${limit} ms in vain.\n${this.story()}`)
      if (!this.time.advance()) throw new Error(`everybody waits, nothing will come.\n${this.story()}`)
    }
  }

  /** Like `drive`, for what must succeed. */
  async run<T>(promise: Promise<T>, limit = patience): Promise<T> {
    const ended = await this.drive(promise, limit)
    if (ended.kind === 'value') return ended.value
    if (ended.kind === 'error') throw ended.error
    throw new Error(`the daemon died.\n${this.story()}`)
  }

  /** Lets time pass until this is so. */
  async until(what: string, condition: () => boolean, limit = patience): Promise<void> {
    const deadline = this.time.now + limit
    while (!condition()) {
      if (this.time.now > deadline) throw new Error(`waited ${limit} ms in vain for ${what}.\n${this.story()}`)
      if (!this.time.advance()) throw new Error(`everybody waits, nothing will come: no ${what}.\n${this.story()}`)
      await everythingWaits()
      this.#invariants.look(null)
      this.#assertUnbroken()
    }
  }

  async pass(milliseconds: number): Promise<void> {
    const end = this.time.now + milliseconds
    while (this.time.now < end) {
      this.time.after(end - this.time.now, () => undefined)
      const { cuts } = this.stack
      await this.until(`${milliseconds} ms`, () => this.time.now >= end || this.stack.cuts > cuts)
    }
  }

  /** Unpauses as an operator does: the one call that may clear holds. */
  async unpause(): Promise<Ended<void>> {
    this.#unpausing = true
    try {
      return await this.drive(this.updater.unpause('operator'))
    } finally {
      this.#unpausing = false
    }
  }

  /** What happened lately, for people. */
  story(): string {
    return [...this.stack.effects.done.slice(-25).map(tell), ...(this.#daemon?.logged.slice(-12) ?? [])].join('\n')
  }

  /** Apart, so that they do not change the tokens that a rollout draws. */
  readonly #temporaryNames: Random = { token: () => `${this.#fileNames += 1}` }

  #checkAuthority(life: Life): void {
    if (!this.hasAuthority || life !== this.#holder) throw new UpdaterError('authority_lost', 'Another updater took over.')
  }

  #watchedStore(life: Life, store: RecordStore): RecordStore {
    return {
      load: async () => {
        const loaded = await store.load()
        if (loaded.kind === 'record') this.#invariants.known(life, loaded.record)
        return loaded
      },
      write: async (record) => {
        try {
          await store.write(record)
        } catch (error) {
          this.#invariants.writeFailed(life, record)
          throw error
        }
        this.#invariants.known(life, record)
      },
    }
  }

  #assertUnbroken(): void {
    const { violations } = this.stack
    if (violations.length > 0) throw new Error(`${violations.slice(0, 5).join('\n')}\n--- how it came:\n${this.story()}`)
  }
}

/** Every promise that can go on has gone on: what is left waits for time. */
function everythingWaits(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
