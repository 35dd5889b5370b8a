import { createPolling } from '../../../src/polling/polling.ts'
import type { Started } from '../../../src/updater/service.ts'
import { settle } from '../at-rest.ts'
import { apply, ask } from '../operator.ts'
import { commitOf, type ReleaseKind } from '../world/releases.ts'
import { SimulatedSource } from '../world/source.ts'
import { World, type WorldOptions } from '../world/world.ts'
import { alwaysOf, endOf, endsEarly, isRefused, succeeds, type Rollout } from './scenarios-endings.ts'
import { nothingTold, type Scenario, type Told } from './scenarios.ts'

/** A stack on v1.0.0 at rest, and a release of this kind on the remote. */
export async function installed(kind: ReleaseKind, options: WorldOptions = {}): Promise<World> {
  const world = new World({ releases: { 'v1.1.0': kind }, ...options })
  await world.start()
  await settle(world)
  return world
}

/** The same, upgraded to v1.1.0. */
export async function upgraded(options: WorldOptions = {}): Promise<World> {
  const world = await installed('good', options)
  await apply(world, 'v1.1.0')
  await settle(world)
  return world
}

const toTarget = succeeds('v1.0.0', 'v1.1.0')
const refused = isRefused('v1.0.0', 'v1.1.0')

export const applyGood = applying('good', toTarget)
export const botDies = applying('bot dies', refused)
export const brokenWhenRouted = applying('broken when routed', refused)
export const neverHealthy = applying('never healthy', refused)

export const rollback: Scenario = {
  name: 'rolling back to what was found running',
  begin: () => upgraded(),
  act: (world) => toItsEnd(world, world.updater.rollback({ previousSha: commitOf('v1.0.0'), origin: 'api' })),
  ...endingOf(succeeds('v1.1.0', 'v1.0.0', ['v1.1.0'])),
}

/** Bad in a way that is found before the switch. */
export const refusedEarly: readonly Scenario[] = [
  applying('exits', refused),
  applying('broken through Traefik', refused),
  applying('does not build', refused),
  applying('build hangs', endsEarly('v1.0.0', 'v1.1.0')),
  applying('preflight refuses', refused),
]

/** Bad in a way that makes something wait: a stop for its grace, the bot's health for its limit. */
export const slow: readonly Scenario[] = [
  applying('ignores SIGTERM', toTarget),
  applying('bot never healthy', refused),
]

/** What an operator asks for while a rollout runs. */
export const pauses: readonly Scenario[] = [pausing('health_bot', { serves: ['v1.0.0'] }), pausing('drain', { serves: ['v1.1.0'] })]
export const cancels: readonly Scenario[] = [cancelling('health_preview_api'), cancelling('health_bot')]
export const departures: readonly Scenario[] = [leaving('docker_build', 'v1.0.0'), leaving('health_bot', 'v1.0.0'), leaving('drain', 'v1.1.0')]

/** What an operator or the clock does while nothing runs. */
export const whenIdle: readonly Scenario[] = [
  {
    name: 'having Traefik take the routes anew',
    begin: () => upgraded(),
    async act(world) {
      await world.drive(world.updater.reloadRoutes('operator'))
      return nothingTold
    },
    ends: () => ({ serves: ['v1.1.0'], held: false, quarantine: [] }),
    always: { serves: ['v1.1.0'], held: false, quarantine: [] },
  },
  {
    name: 'unpausing after a failure',
    async begin() {
      const world = await installed('bot dies')
      await apply(world, 'v1.1.0')
      await settle(world)
      return world
    },
    act: async (world) => ({ result: null, acknowledged: (await world.unpause()).kind === 'value' }),
    // What was acknowledged is so; what was not may be either way.
    ends: (strike, { acknowledged }) => ({ serves: ['v1.0.0'], quarantine: ['v1.1.0'], ...((strike === null || acknowledged) && { held: false }) }),
    always: { serves: ['v1.0.0'], quarantine: ['v1.1.0'] },
  },
  { name: 'polling takes a release on', begin: () => installed('good'), act: poll, ...endingOf(toTarget) },
  {
    name: 'polling leaves a quarantined release alone',
    async begin() {
      const world = await installed('bot dies', { policy: { pauseOnFailure: false } })
      await apply(world, 'v1.1.0')
      await settle(world)
      return world
    },
    act: poll,
    ends: () => ({ serves: ['v1.0.0'], held: false, quarantine: ['v1.1.0'] }),
    always: { serves: ['v1.0.0'], quarantine: ['v1.1.0'] },
  },
]

function applying(kind: ReleaseKind, rollout: Rollout): Scenario {
  return {
    name: kind === 'good' ? 'applying a good release' : `applying a release: ${kind}`,
    begin: () => installed(kind),
    act: (world) => toItsEnd(world, ask(world, 'v1.1.0')),
    ...endingOf(rollout),
  }
}

function endingOf(rollout: Rollout): Pick<Scenario, 'ends' | 'always'> {
  return { ends: (strike) => endOf(rollout, strike), always: alwaysOf(rollout) }
}

/** A pause in the middle: what was acknowledged holds, whatever else goes wrong (I4). */
function pausing(step: string, { serves }: { readonly serves: readonly string[] }): Scenario {
  return {
    name: `pausing in ${step}`,
    begin: () => installed('good'),
    act: (world) => inTheMiddle(world, step, () => world.updater.pause('the fair is on', 'ann')),
    ends: (strike, { acknowledged }) => ({ ...((strike === null || acknowledged) && { serves }), ...(acknowledged && { held: true }), quarantine: [] }),
    always: { quarantine: [] },
  }
}

function cancelling(step: string): Scenario {
  return {
    name: `cancelling in ${step}`,
    begin: () => installed('good'),
    act: (world) => inTheMiddle(world, step, () => world.updater.cancel('ann')),
    ends: (strike, { acknowledged }) => ({ ...((strike === null || acknowledged) && { serves: ['v1.0.0'] }), ...(strike === null && { held: false }), quarantine: [] }),
    always: { quarantine: [] },
  }
}

/** SIGTERM in the middle, and the next start (fault 43). */
function leaving(step: string, tag: string): Scenario {
  return {
    name: `SIGTERM in ${step}`,
    begin: () => installed('good'),
    async act(world) {
      const told = await inTheMiddle(world, step, () => world.updater.stop(), 'leaving')
      world.daemon.life.end()
      await world.start()
      return told
    },
    ends: (strike) => (strike === null ? { serves: [tag], held: false, quarantine: [] } : { quarantine: [] }),
    always: { quarantine: [] },
  }
}

async function toItsEnd(world: World, asked: Promise<Started>): Promise<Told> {
  const started = await world.drive(asked)
  if (started.kind !== 'value') return nothingTold
  const outcome = await world.drive(started.value.outcome)
  if (outcome.kind !== 'died') await world.drive(started.value.finished)
  return { result: outcome.kind === 'value' ? outcome.value : null, acknowledged: false }
}

/** An apply, and something else once this step has begun, if it ever does. */
async function inTheMiddle(world: World, step: string, meanwhile: () => Promise<void>, wait: 'to its end' | 'leaving' = 'to its end'): Promise<Told> {
  const { updater, life, events } = world.daemon
  const asked = await world.drive(ask(world, 'v1.1.0'))
  if (asked.kind !== 'value') return nothingTold
  const begun = (): boolean => events.some((event) => event.kind === 'step_started' && event.step === step)
  const over = (): boolean => life.dead || events.some(({ kind }) => kind === 'closed')
  await world.until(`step ${step}`, () => begun() || over())
  if (life.dead || !begun() || updater.status().state === 'idle') return nothingTold
  const { kind } = await world.drive(meanwhile())
  if (kind !== 'died' && wait === 'to its end') await world.drive(asked.value.finished)
  return { result: null, acknowledged: kind === 'value' }
}

/** One look of polling, and the rollout that it begins. */
async function poll(world: World): Promise<Told> {
  const { updater, life, events } = world.daemon
  const polling = createPolling({
    source: new SimulatedSource(world.stack, life),
    updater,
    schedule: { kind: 'every', milliseconds: 15 * 60_000 },
    enabled: true,
    requireApproval: false,
    lookLimit: 120_000,
    clock: life.clock,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    inspectTags: (tags) => updater.inspectTags(tags),
    onChecked: (at) => updater.checked(at),
  })
  const before = events.length
  const since = (wanted: string): boolean => events.slice(before).some(({ kind }) => kind === wanted)
  await world.drive(polling.look(new AbortController().signal))
  if (since('opened')) await world.until('the end of the rollout', () => life.dead || since('closed'))
  return nothingTold
}
