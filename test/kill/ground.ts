import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { request } from 'undici'
import { startLoad, type Load } from '../../demo/stack/load.ts'
import { releaseOf } from '../../demo/stack/load-targets.ts'
import { startSandboxStack, type SandboxStackOptions } from '../../demo/stack/sandbox-stack.ts'
import type { Stack } from '../../demo/stack/stack.ts'
import { at, eventually } from '../sandbox/daemon/waiting.ts'
import { startObserver, type Observer } from './observer/observer.ts'
import { readSeenState, type SeenState } from './observer/state-file.ts'
import { untilReconciled } from './reconciled.ts'
import { createTripwire, type Tripwire } from './tripwire/tripwire.ts'

/** A daemon from its spawn on; it may be killed before its API is up. */
export interface Running {
  readonly pid: number
  /** Settles when its API is up, or when it ended before. */
  readonly up: Promise<void>
  /** False from the moment at which its end was seen. */
  readonly alive: boolean
  /** Settles when it has ended, whoever ended it. */
  readonly ended: Promise<void>
  /** `kill -9`, and waits for its end. */
  kill(): Promise<void>
}

/** One long-lived stack under load, watched from outside, whose daemon is killed and started again and again. */
export interface Ground {
  readonly stack: Stack
  readonly observer: Observer
  readonly tripwire: Tripwire
  readonly load: Pick<Load, 'sent' | 'failed'>
  /** The record as it lies on the disk now. */
  state(): SeenState
  /** Starts the daemon; ready to be killed at any moment. */
  launch(env?: Readonly<Record<string, string>>): Promise<Running>
  /**
   * Starts the daemon and waits until record, routes and processes agree and nothing is open.
   * @returns how long that took from the spawn on, ms; null when the daemon ended before
   */
  recover(env?: Readonly<Record<string, string>>): Promise<number | null>
  /** The daemon that was started last. */
  running(): Running
  /** Asks for an operation and does not wait for its end. */
  ask(path: 'apply' | 'rollback', body: Readonly<Record<string, string>>): Promise<void>
  unpause(): Promise<void>
  /** The release that each entry point answers with. */
  served(): Promise<string[]>
  lastLines(): Promise<string>
  end(): Promise<void>
}

/** Releases that a ground publishes besides its first one: a good one, and one whose bot dies. */
export const releases = { first: 'v1.0.0', good: 'v1.1.0', bad: 'v1.4.0' } as const

/** A stack brought up and its first daemon recovered, on the busiest machine, ms. */
export const openingLimit = 300_000

/** Enough for a machine that does much else; the drain, which is waited out each time, is short. */
const limits = { directHealth: '20s', previewHealth: '20s', routedHealth: '20s', singletonHealth: '20s', drain: '100ms' }
/** Of each of the load's workers between two requests, ms: the daemon, not the load, is what is tried. */
const loadPause = 20
const logLines = 40

/** Brings up the stack with its first release, load and observer. The daemon is not started yet. */
export async function openGround(options: Partial<SandboxStackOptions> = {}): Promise<Ground> {
  const stack = await startSandboxStack({ first: releases.first, ...options, limits: { ...limits, ...options.limits } })
  try {
    await stack.project.publish(releases.good, releases.bad)
    await eventually('the first release being served', () => servedBy(stack).then((tags) => (tags.every((tag) => tag === releases.first) ? true : null)))
  } catch (error) {
    await stack.close()
    throw error
  }
  return groundOn(stack)
}

/** The same with a daemon that has recovered. */
export async function openRecoveredGround(): Promise<Ground> {
  const ground = await openGround()
  try {
    await ground.recover()
    return ground
  } catch (error) {
    await ground.end()
    throw error
  }
}

function groundOn(stack: Stack): Ground {
  const { state, root } = stack.project
  const stateFile = join(state, 'updater-state.json')
  const places = { routesFile: join(state, 'traefik/dynamic/updater-routes.yml'), stateFile, sandbox: join(root, 'sandbox') }
  const { skills, api } = stack.entryPoints
  const observer = startObserver({ ...places, entryPoints: { skills, api }, sessions: () => stack.gateway() })
  const load = startLoad(stack.loadTargets, releaseOf, loadPause)
  const tripwire = createTripwire(root)
  let last: Running | null = null

  const launch = async (env: Readonly<Record<string, string>> = {}): Promise<Running> => {
    last = await launchOn(stack, { ...tripwire.env, ...env })
    observer.note(`-- daemon ${last.pid} starts`)
    return last
  }
  const running = (): Running => {
    if (last === null) throw new Error('no daemon was started')
    return last
  }
  /** The files may agree before the daemon has read them; until then it answers that it only observes. */
  const takenOver = (): Promise<string> => eventually('a daemon that has taken over', async () => {
    const status = await stack.updater.get('/status').catch(() => null) // one that is gone is for the caller to notice
    return status === null || at(status.body, 'active_color') !== null ? 'taken over, or gone' : null
  })
  return {
    stack, observer, tripwire, load, launch, running,
    state: () => readSeenState(readFileSync(stateFile, 'utf8')),
    async recover(env) {
      const epoch = observer.state?.epoch ?? 0
      const begun = performance.now()
      const daemon = await launch(env)
      if (!(await untilReconciled(places, epoch, () => daemon.alive))) return null
      const took = performance.now() - begun
      await daemon.up
      return took
    },
    async ask(path, body) {
      await takenOver()
      // It is answered once the operation is durably open: who is killed before that answers nobody.
      const asked = await stack.updater.post(`/update/${path}`, body, { prefer: 'respond-async' }).catch(() => null)
      if (asked === null) return observer.note(`-- ${path} ${JSON.stringify(body)}: the connection was lost`)
      const { status, body: answer } = asked
      if (status !== 202) throw new Error(`${path} was answered with ${status}: ${JSON.stringify(answer)}`)
      observer.note(`-- ${path} ${JSON.stringify(body)}`)
    },
    unpause: () => observer.whileUnpausing(async () => {
      await takenOver()
      const { status, body } = await stack.updater.post('/update/unpause')
      if (status !== 200) throw new Error(`unpause was answered with ${status}: ${JSON.stringify(body)}`)
    }),
    served: () => servedBy(stack),
    lastLines: async () => (await readFile(join(root, 'updater.log'), 'utf8').catch(() => '')).trimEnd().split('\n').slice(-logLines).join('\n'), // no daemon has said anything yet
    async end() {
      try {
        await load.stop()
        await observer.stop()
      } finally {
        if (last?.alive === true) await last.kill()
        await stack.close()
      }
    },
  }
}

export async function launchOn(stack: Stack, env: Readonly<Record<string, string>>): Promise<Running> {
  let alive = true
  let tellPid: (pid: number) => void = () => undefined
  const spawned = new Promise<number>((resolve) => {
    tellPid = resolve
  })
  const starting = stack.startUpdater({ env, onSpawn: tellPid })
  const up = starting.then(() => undefined, () => undefined) // one that is killed before tells so by its end
  const ended = starting.then(({ exited }) => exited.then(() => undefined), () => undefined).finally(() => {
    alive = false
  })
  const pid = await spawned
  return {
    pid, up, ended,
    get alive() {
      return alive
    },
    async kill() {
      process.kill(pid, 'SIGKILL')
      await ended
    },
  }
}

async function servedBy({ loadTargets }: Stack): Promise<string[]> {
  return Promise.all(loadTargets.map(async (target) => {
    const { statusCode, body } = await request(target.url, { headers: target.headers() })
    const text = await body.text()
    return statusCode === 200 ? releaseOf(JSON.parse(text)) : `status ${statusCode}`
  }))
}
