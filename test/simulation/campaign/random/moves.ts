import type { CoreSettings } from '../../../../src/rollout/context.ts'
import { createPolling } from '../../../../src/polling/polling.ts'
import { managedServices, singletonServices } from '../../../../src/rollout/topology.ts'
import { routeByHand } from '../../outside.ts'
import type { Image, Instance } from '../../world/engine.ts'
import { commitOf } from '../../world/releases.ts'
import { SimulatedSource } from '../../world/source.ts'
import { operatorRestart, operatorUp } from '../../world/operator-compose.ts'
import { crash, dockerPruneImages } from '../../world/operator-docker.ts'
import { killEngine, reboot, restartEngine } from '../../world/operator-host.ts'
import { gitPull } from '../../world/operator-tree.ts'
import { allSurvives, leastSurvives } from '../../world/power-cut.ts'
import type { World } from '../../world/world.ts'
import type { Hits } from './hits.ts'
import type { Change, Command, Move, Outage, Survives, Which } from './schedule.ts'

/** Where moves are made. */
export interface Stage {
  readonly world: World
  readonly hits: Hits
  /** Ends every outage and illness that still lasts. */
  readonly mend: Set<() => void>
  /** Images that somebody removed, by name. */
  readonly pruned: Map<string, Image>
  /** Log lines of all daemons. */
  readonly logs: () => string[]
  /** Another daemon starts beside the one that there is. */
  takeOver(): void
  /** Notes what a caller was told. */
  heard(what: string): void
  /** Notes that a rule is broken. */
  broken(what: string): void
}

/** Makes a move. Only an unpause is waited for. */
export async function make(stage: Stage, move: Move): Promise<void> {
  const { world, hits } = stage
  const { life, updater } = world.daemon
  switch (move.do) {
    case 'fault':
      hits.arm(move.kind, move.nth, move.on)
      break
    case 'apply':
      if (!life.dead) listen(stage, 'apply', updater.apply({ tag: move.tag, version: move.tag.slice(1), origin: 'api' }).then(({ outcome }) => outcome).then(({ status }) => status))
      break
    case 'roll back': {
      const previousSha = world.stack.record?.previous[0]?.commit ?? commitOf('v1.0.0')
      if (!life.dead) listen(stage, 'rollback', updater.rollback({ previousSha, origin: 'api' }).then(({ outcome }) => outcome).then(({ status }) => status))
      break
    }
    case 'poll':
      if (!life.dead) listen(stage, 'poll', poll(stage))
      break
    case 'pause':
      if (!life.dead) listen(stage, 'pause', updater.pause('the fair is on', 'ann'))
      break
    case 'cancel':
      if (!life.dead) listen(stage, 'cancel', updater.cancel('ann'))
      break
    case 'unpause':
      if (!life.dead) stage.heard(`unpause: ${(await world.unpause()).kind}`)
      break
    case 'terminate':
      if (!life.dead) listen(stage, 'stop', updater.stop().then(() => life.end()))
      break
    case 'kill':
      life.end()
      break
    case 'stale answer':
      hits.armLate(move.nth, move.on)
      break
    case 'freeze':
      if (life.dead) break
      lasting(stage, move.lasts, hits.freeze(life))
      stage.takeOver()
      break
    case 'maintenance':
      if (!life.dead) listen(stage, 'maintenance', updater.enterMaintenance('new disks', 'ann').then(() => 'entered'))
      world.disturbed = true
      lasting(stage, move.lasts, () => leaveMaintenance(stage))
      break
    case 'change settings':
      life.end()
      world.settings = changed(world.settings, move.to)
      break
    case 'sicken':
      sicken(stage, instancesOf(world, move.what), move.lasts)
      break
    case 'stop':
      for (const instance of instancesOf(world, move.what)) halt(stage, instance, false)
      break
    case 'remove':
      for (const instance of instancesOf(world, move.what)) halt(stage, instance, true)
      break
    case 'route by hand':
      if (world.stack.topology.groups.length === 0) break
      world.disturbed = true
      routeByHand(world, move.color)
      break
    case 'power cut':
      hits.cutPower(survivalOf(move.survives))
      break
    case 'somebody':
      listen(stage, move.command, command(stage, move.command))
      break
    case 'outage':
      lasting(stage, move.lasts, outage(stage, move.of))
      break
  }
}

/** Where nobody lives to hear it, maintenance mode goes on until all comes to rest. */
function leaveMaintenance(stage: Stage): void {
  const { life, updater } = stage.world.daemon
  if (!life.dead) listen(stage, 'out of maintenance', updater.leaveMaintenance('ann').then(() => 'left'))
}

function changed(settings: CoreSettings, what: Change): CoreSettings {
  const { limits, gates, policy, topology } = settings
  switch (what) {
    case 'limits':
      return { ...settings, limits: { ...limits, drain: 5_000, routedHealth: 10_000 }, gates: { ...gates, inARow: 5 } }
    case 'policy':
      return { ...settings, policy: { ...policy, keepReleases: 1, pauseOnFailure: !policy.pauseOnFailure, standbyGrace: 20_000 } }
    case 'routes':
      return { ...settings, topology: { ...topology, groups: topology.groups.map((group) => ({ ...group, router: { ...group.router, priority: (group.router.priority ?? 0) + 1 } })) } }
  }
}

/** What a caller hears is a part of the log; what it never hears is not. */
function listen(stage: Stage, what: string, answer: Promise<unknown>): void {
  answer.then(
    (value) => stage.heard(`${what}: ${String(value)}`),
    (error: unknown) => stage.heard(`${what}: ${error instanceof Error ? error.message : String(error)}`),
  )
}

/** One look for releases, as the daemon's own polling does it (I8: never a quarantined one). */
async function poll(stage: Stage): Promise<string | null> {
  const { world } = stage
  const { life, updater } = world.daemon
  const silent = (): void => undefined
  const polling = createPolling({
    source: new SimulatedSource(world.stack, life),
    updater: {
      status: () => updater.status(),
      apply: (wish) => {
        if (updater.status().quarantine.some(({ commit }) => commit === commitOf(wish.tag))) stage.broken(`I8: polling takes on ${wish.tag}, which is quarantined`)
        return updater.apply(wish)
      },
    },
    schedule: { kind: 'every', milliseconds: 60_000 }, enabled: false, requireApproval: false, lookLimit: world.settings.limits.git,
    clock: life.clock, log: { info: silent, warn: silent, error: silent },
    inspectTags: (tags) => updater.inspectTags(tags),
    onChecked: (at) => updater.checked(at),
  })
  return (await polling.look(new AbortController().signal)).outcome
}

function instancesOf({ stack }: World, what: Which): Instance[] {
  if (what === 'singletons') return singletonServices(stack.topology).flatMap((service) => stack.engine.of(service))
  return stack.instancesOf(what).filter((instance) => instance !== undefined)
}

function sicken(stage: Stage, instances: readonly Instance[], lasts: number): void {
  const { world } = stage
  world.disturbed = true
  // Nobody can know of it before the next look, and that may be late.
  world.stack.othersActedAt = world.time.now + 400
  for (const instance of instances) instance.ill = true
  lasting(stage, lasts, () => {
    for (const instance of instances) instance.ill = false
  })
}

/** As `docker stop` and `docker rm` do it, by somebody at the engine. */
function halt({ world }: Stage, instance: Instance, remove: boolean): void {
  const { engine } = world.stack
  if (engine.fault !== null || engine.hangs) return
  world.disturbed = true
  world.stack.othersActedAt = world.time.now + 400
  void engine.end(instance).then(() => {
    if (remove && engine.find(instance.id) === instance && instance.state === 'exited') engine.discard(instance)
  })
}

async function command(stage: Stage, what: Command): Promise<string | null> {
  const { stack } = stage.world
  const updaterEnds = (): void => stage.hits.endAll()
  if (what === 'git pull') return gitPull(stack)
  stage.world.disturbed = true
  stage.hits.away += 1
  try {
    switch (what) {
      case 'compose up':
        return await operatorUp(stack)
      case 'compose restart':
      case 'crash': {
        const [service] = [...singletonServices(stack.topology), ...managedServices(stack.topology)]
        return service === undefined ? null : await (what === 'crash' ? crash : operatorRestart)(stack, service)
      }
      case 'image prune': {
        const before = [...stack.images.ofRelease]
        const complaint = await dockerPruneImages(stack)
        for (const [name, image] of before) if (!stack.images.ofRelease.has(name)) stage.pruned.set(name, image)
        return complaint
      }
      case 'engine killed':
        await killEngine(stack, updaterEnds)
        return null
      case 'engine restarted':
        await restartEngine(stack, updaterEnds)
        return null
      case 'reboot':
        await reboot(stack, updaterEnds)
        return null
    }
  } finally {
    stage.hits.away -= 1
  }
}

function survivalOf(survives: Survives): () => number {
  if (survives !== 'some') return survives === 'all' ? allSurvives : leastSurvives
  let drawn = 0
  // Any even spread will do; it is the same each time.
  return () => (drawn += 0.618_034) % 1
}

/** Begins; returns how it ends. */
function outage({ world, hits }: Stage, of: Outage): () => void {
  const { engine, traefik, git } = world.stack
  const { freeBytes } = world.stack
  switch (of) {
    case 'engine down':
      engine.fault = 'connect ENOENT'
      return () => { engine.fault = null }
    case 'engine hangs':
      engine.hangs = true
      return () => { engine.hangs = false }
    case 'Traefik down':
      traefik.down = true
      return () => { traefik.down = false }
    case 'Traefik does not follow':
      traefik.follows = false
      return () => { traefik.follows = true }
    case 'remote down':
      git.remoteFault = 'the remote does not answer'
      return () => { git.remoteFault = null }
    case 'engine disk full':
      world.stack.freeBytes = -1
      return () => { world.stack.freeBytes = freeBytes < 0 ? 1_000_000_000 : freeBytes }
    case 'storage fails':
      hits.storageFails = true
      return () => { hits.storageFails = false }
    case 'tree conflicts':
      git.edit('config/local.yml', 'mine')
      return () => git.edit('config/local.yml', null)
  }
}

function lasting({ world, mend }: Stage, lasts: number, end: () => void): void {
  const over = (): void => {
    mend.delete(over)
    end()
  }
  mend.add(over)
  world.time.after(lasts, () => {
    if (mend.has(over)) over()
  })
}
