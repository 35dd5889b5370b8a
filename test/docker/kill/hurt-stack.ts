import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import type { LogLine } from '../../../demo/stack/daemon.ts'
import { startDockerStack, type DockerStack, type DockerStackOptions } from '../../../demo/stack/docker-stack.ts'
import { startLoad, type Load } from '../../../demo/stack/load.ts'
import { releaseOf } from '../../../demo/stack/load-targets.ts'
import type { Endings } from '../../../demo/stack/whole-or-nothing.ts'
import { startEngine, type Engine } from '../../engine/engine.ts'
import { describeWhereReady, wholeEngine } from '../../engine/where-ready.ts'
import type { SeenState } from '../../kill/observer/state-file.ts'
import { createTripwire, type Tripwire } from '../../kill/tripwire/tripwire.ts'
import { eventually } from '../../sandbox/daemon/waiting.ts'
import { unrest } from './at-rest.ts'
import { quickLimits, quickOverride } from './quick-stack.ts'
import { seenRecord } from './record-look.ts'

/** A stack on a real engine behind a real Traefik that is going to be hurt, with load on it. */
export interface HurtStack {
  readonly stack: DockerStack
  readonly engine: Engine
  /** Runs as long as the stack; every test looks at what failed during it. */
  readonly load: Load
  /** What the updater needs at each start: where it finds the engine, whose own socket it is unless something was put in between, and the tripwire. */
  readonly env: Readonly<Record<string, string>>
  readonly tripwire: Tripwire
  /** Ends the updater in order and starts it with these limits besides those that the stack began with. */
  restartUpdater(limits: HurtLimits): Promise<void>
}

type HurtLimits = NonNullable<DockerStackOptions['limits']>

export interface HurtOptions extends Pick<DockerStackOptions, 'policy' | 'limits'> {
  /** Sees each line of the updater's log. */
  readonly onLine?: (line: LogLine) => void
  /** Bytes of the engine's own disk; default: this machine's. */
  readonly engineDisk?: number
  /** Puts something between updater and engine; called once, before the updater starts. */
  readonly between?: (engine: Engine) => Promise<{ readonly dockerHost: string; close(): Promise<void> }>
}

/**
 * Tests that hurt one stack, told in their order, each of which leaves it at rest. v1.1.0 runs at first, and v1.7.0 is built already, so that
 * an apply of it takes a few seconds.
 */
export function onHurtStack(title: string, options: HurtOptions, tests: (here: () => HurtStack) => void): void {
  describeWhereReady(title, wholeEngine, () => {
    const endings: Endings = []
    let hurt: HurtStack | undefined
    beforeAll(async () => {
      hurt = await bringUp(options, endings)
    }, 600_000)
    afterAll(async () => {
      for (let end = endings.pop(); end !== undefined; end = endings.pop()) await end()
    }, 120_000)
    tests(() => {
      if (hurt === undefined) throw new Error('the stack was not started')
      return hurt
    })
  })
}

/** Goes on once record, routes, containers, answers and status agree. @returns how long it took, ms @throws Error with what does not agree */
export async function untilAtRest(hurt: HurtStack): Promise<number> {
  const begun = performance.now()
  await restsWhile(hurt, () => true)
  return performance.now() - begun
}

/** The same, or once nobody is alive any more who could bring it about. @returns whether it is at rest */
export async function restsWhile({ stack, engine }: HurtStack, alive: () => boolean): Promise<boolean> {
  let wrong: readonly string[] = []
  return eventually('a stack at rest', async () => {
    if (!alive()) return false
    wrong = await unrest(stack, engine.socketPath).catch((error: unknown) => [String(error)])
    return wrong.length === 0 ? true : null
  }, restLimit).catch((error: unknown) => {
    throw new Error(`the stack did not come to rest within ${restLimit} ms:\n${wrong.join('\n')}`, { cause: error })
  })
}

/** Has a release applied and waits until the stack is at rest on it. @throws Error with everything that one needs to find out why it is not */
export async function applied(hurt: HurtStack, tag: string): Promise<void> {
  const { status, body } = await hurt.stack.updater.post('/update/apply', { tag, version: tag.slice(1) })
  if (status !== 200) throw new Error(`${tag} was not applied: ${JSON.stringify(body)}`)
  await untilAtRest(hurt).catch(async (error: unknown) => {
    throw new Error(`after ${tag} was applied: ${String(error)}\n${await evidence(hurt)}`, { cause: error })
  })
}

/** Clears whatever holds there are. */
export async function resumed({ stack }: HurtStack): Promise<void> {
  if ((await seenRecord(stack.project.state)).holds.length === 0) return
  expect((await stack.updater.post('/update/unpause')).body).toMatchObject({ resumed: true })
}

/** Does something while the updater has other limits. */
export async function underLimits<T>(hurt: HurtStack, limits: HurtLimits, action: () => Promise<T>): Promise<T> {
  await hurt.restartUpdater(limits)
  try {
    return await action()
  } finally {
    await hurt.restartUpdater({})
  }
}

/** Steps are named after the color that they start: a test that names one begins on blue, where nothing holds. */
export async function onBlue(hurt: HurtStack): Promise<SeenState> {
  await resumed(hurt)
  const now = await seenRecord(hurt.stack.project.state)
  if (now.activeColor === 'blue') return now
  await applied(hurt, otherThan(now))
  return seenRecord(hurt.stack.project.state)
}

/** The good release that does not run. */
export function otherThan({ activeTag }: SeenState): string {
  return activeTag === 'v1.7.0' ? 'v1.1.0' : 'v1.7.0'
}

/** What one needs to find out why: the updater's last lines, the record, every container. */
export async function evidence({ stack }: HurtStack): Promise<string> {
  const log = await readFile(join(stack.project.root, 'updater.log'), 'utf8').catch(String)
  const record = await seenRecord(stack.project.state).catch(String)
  const containers = await stack.docker(['ps', '--all']).catch(String)
  return `record: ${JSON.stringify(record)}\n\n${containers}\n\nlast lines of the updater:\n${log.trimEnd().split('\n').filter((line) => !line.includes('"path":"/status"')).slice(-60).join('\n')}`
}

async function bringUp({ between, onLine, engineDisk, ...options }: HurtOptions, endings: Endings): Promise<HurtStack> {
  const engine = await startEngine({ ...(engineDisk !== undefined && { disk: engineDisk }) })
  endings.push(() => engine.stop())
  const stack = await startDockerStack({ first: 'v1.0.0', engine, override: quickOverride, policy: { keepReleases: 4, ...options.policy }, limits: { ...quickLimits, ...options.limits } })
  endings.push(() => stack.close())
  const middle = await between?.(engine)
  if (middle !== undefined) endings.push(() => middle.close())
  const tripwire = createTripwire(stack.project.root)
  const env = { DOCKER_HOST: middle?.dockerHost ?? engine.env.DOCKER_HOST, ...tripwire.env }
  const startUpdater = async (): Promise<void> => {
    await stack.startUpdater({ env, ...(onLine && { onLine }) })
    await eventually('an updater that knows the stack', async () => typeof (await stack.updater.get('/status')).body['active_color'] === 'string' ? true : null)
  }
  await startUpdater()
  await stack.project.publish('v1.1.0', 'v1.2.0', 'v1.4.0', 'v1.6.0', 'v1.7.0')
  const load = startLoad(stack.loadTargets, releaseOf, pause)
  endings.push(() => load.stop())
  const hurt: HurtStack = {
    stack,
    engine,
    load,
    env,
    tripwire,
    async restartUpdater(limits) {
      await stack.daemon().end('SIGTERM')
      await stack.setLimits(limits)
      await startUpdater()
    },
  }
  await applied(hurt, 'v1.7.0')
  await applied(hurt, 'v1.1.0')
  return hurt
}

/** Pause of each of the load's workers, ms: four of them make some 70 requests a second, and leave the processors to what is killed and seen. */
const pause = 50

/** How long anything may take until everything agrees, ms. */
const restLimit = 60_000
