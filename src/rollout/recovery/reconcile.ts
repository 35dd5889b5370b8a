import type { Context } from '../context.ts'
import { isLost, sentenceOf } from '../errors.ts'
import { undo } from '../undo.ts'
import { retire } from '../rollout.ts'
import { route, routesBack } from '../steps/switch-routes.ts'
import { servicesOf, type Topology } from '../topology.ts'
import { adoptStack, withAdopted } from './adoption.ts'
import { decide, fallen, recreated, sequenceOf, served, type Decision } from './decide.ts'
import { observe, type World } from './observation.ts'
import {
  adoptRoutedColor, holdOf, holdRollouts, keepNewColor, removeSurplusSingletons, restoreRoutes, routeAndRetire, startServices, stopStandby,
} from './repairs.ts'

/** What recovery remembers between two looks; lost in a restart without harm. */
export interface Patience {
  /** Monotonic ms at which the standby was first seen running without being routed (R17). */
  standbySince: number | null
  /** Monotonic ms of recent starts of fallen services (R16). */
  starts: number[]
  /** Monotonic ms at which a service was first seen being recreated by somebody's compose (R5, R16). */
  recreatedSince: number | null
  /** Starts of the old color in this operation (R8). */
  oldColorStarts: number
}

/** A new daemon has seen nothing yet. */
export function freshPatience(): Patience {
  return { standbySince: null, starts: [], recreatedSince: null, oldColorStarts: 0 }
}

/** How a look at the world ended. */
export interface Reconciled {
  /** Record and world agree; nothing is open. */
  readonly settled: boolean
  /** Row that applied last. */
  readonly row: Decision['row']
  readonly why: string
}

/** More rows in one go than any real situation needs; what is left is done at the next look. */
const rowsAtOnce = 12

/**
 * Looks, decides, acts, and looks again until record and world agree or nothing more can be done now. Level-triggered:
 * killed in its middle and run again it ends the same. For a stack that has a record.
 * @throws what an effect throws; the record still tells what is open
 */
export async function reconcile(context: Context, patience: Patience): Promise<Reconciled> {
  let last: Decision = { row: 0, why: 'Nothing was looked at yet.' }
  await trafficFirst(context)
  for (let rows = 0; rows < rowsAtOnce; rows += 1) {
    context.signal.throwIfAborted()
    const { operation } = context.journal.record
    if (operation === null) patience.oldColorStarts = 0
    const topology = operation?.topology ?? context.settings.topology
    const world = await observe(context, topology, operation)
    const decision = decide({
      loaded: { kind: 'record', record: context.journal.record },
      world,
      topology,
      traces: true,
      expectedRoutes: (record, sequence) => record.generation === null
        ? null
        : context.ports.router.render({ active: record.activeColor, generation: record.generation, sequence, topology }),
    })
    if (decision.row !== last.row && decision.row !== 0) context.ports.log.info(`Recovery R${decision.row}: ${decision.why}`, { row: decision.row })
    last = decision
    if (decision.row === 0) {
      patience.standbySince = null
      patience.recreatedSince = null
    }
    if ((await carryOut(context, decision, world, topology, patience)) === 'enough') break
  }
  return { settled: isSettled(last), row: last.row, why: last.why }
}

/** A standby inside its grace minute and a fallen service that is not started again are told, but nothing is open. */
function isSettled({ row }: Decision): boolean {
  return row === 0 || row === 16 || row === 17
}

async function carryOut(context: Context, { row, why }: Decision, world: World, topology: Topology, patience: Patience): Promise<'again' | 'enough'> {
  const { record } = context.journal
  switch (row) {
    case 0:
    case 1:
    case 2:
    case 3:
      return 'enough'
    case 4:
      await adoptWhatServes(context, topology, why)
      return 'again'
    case 5:
      if (isLeftToCompose(context, world, topology, patience)) return 'enough'
      await context.journal.settle()
      await removeSurplusSingletons(context, world, topology)
      return 'again'
    case 6:
    case 7:
      await undo(context)
      return 'again'
    case 8: {
      patience.oldColorStarts += 1
      if (patience.oldColorStarts > context.settings.policy.restarts) return giveUpOldColor(context, world)
      await holdRollouts(context, why)
      await startServices(context, world, context.journal.operation.from, servicesOf(topology, context.journal.operation.fromColor))
      await awaitColor(context)
      return 'again'
    }
    case 9:
      await holdRollouts(context, why)
      await routesBack(context)
      return 'enough'
    case 10:
      await holdRollouts(context, why)
      await keepNewColor(context)
      return 'again'
    case 11:
      // Edited by hand since: without our stamp nobody could tell that Traefik follows, and the old color would stay for good.
      if (world.routes.kind === 'routes' && world.routes.generation !== record.generation) await route(context, record.activeColor, topology)
      await retire(context)
      return 'again'
    case 12:
      await holdRollouts(context, why)
      await routeAndRetire(context)
      return 'again'
    case 13:
      await route(context, record.activeColor, topology)
      return 'again'
    case 14: {
      const color = served(world.routes)
      if (color === null) return 'enough'
      await adoptRoutedColor(context, world, topology, color, why)
      return 'again'
    }
    case 15: {
      const copy = await restoreRoutes(context, world, topology)
      await holdRollouts(context, copy === null ? why : `${why} A copy of it is at ${copy}.`)
      return 'again'
    }
    case 16:
      if (isLeftToCompose(context, world, topology, patience)) return 'enough'
      return startFallen(context, world, topology, patience)
    case 17:
      return stopIdleStandby(context, world, topology, patience)
  }
}

/** R4: what the record says of an operation is not believed, so the routed color is what matters now. */
async function adoptWhatServes(context: Context, topology: Topology, why: string): Promise<void> {
  const adopted = await adoptStack(context, null, await observe(context, topology, null))
  await context.journal.commit(withAdopted(adopted, holdOf(context, why)))
}

/**
 * Before anything else, and with an engine that is gone or hangs (R2), the traffic goes back to the old color if that
 * answers through Traefik. Where it does not, or cannot be asked, the rows decide; what fails here they try again.
 */
async function trafficFirst(context: Context): Promise<void> {
  const { operation, sequence } = context.journal.record
  if (operation === null || operation.topology.groups.length === 0) return
  if (operation.phase !== 'switching' && operation.phase !== 'swapping') return
  // A restored copy of the record undoes nothing (R4).
  if (sequenceOf(await context.ports.router.read()) > sequence) return
  try {
    const answers = await Promise.all(operation.topology.groups.map((group) =>
      context.ports.probe.preview(group, operation.fromColor, context.signal)))
    if (answers.every((answer) => answer?.healthy === true)) await routesBack(context)
  } catch (error) {
    if (context.signal.aborted || isLost(error)) throw error
    context.ports.log.warn('The traffic could not be brought back at once.', { error: sentenceOf(error) })
  }
}

async function giveUpOldColor(context: Context, world: World): Promise<'again' | 'enough'> {
  const { fromColor, targetColor } = context.journal.operation
  await holdRollouts(context, `The old color ${fromColor} could not be started.`)
  if (world.colors[targetColor] === 'healthy') {
    await keepNewColor(context)
    return 'again'
  }
  await routesBack(context)
  return 'enough'
}

/** Gives a color that was just started the time to become healthy before the next decision. */
async function awaitColor(context: Context): Promise<void> {
  const { clock } = context.ports
  const { operation } = context.journal
  const { fromColor, topology } = operation
  const deadline = clock.monotonic() + context.settings.limits.start
  while (clock.monotonic() < deadline) {
    const { colors, engineFault } = await observe(context, topology, operation)
    if (colors[fromColor] === 'healthy' || engineFault !== null) return
    await clock.sleep(context.settings.gates.quickest, context.signal)
  }
}

/** When idle, an operator's `docker compose up -d` gets a minute to finish what it replaces: removing or starting one of the two would break it. */
function isLeftToCompose(context: Context, world: World, topology: Topology, patience: Patience): boolean {
  if (context.journal.record.operation !== null || recreated(world, topology).length === 0) {
    patience.recreatedSince = null
    return false
  }
  const now = context.ports.clock.monotonic()
  patience.recreatedSince ??= now
  return now - patience.recreatedSince < context.settings.policy.standbyGrace
}

async function startFallen(context: Context, world: World, topology: Topology, patience: Patience): Promise<'again' | 'enough'> {
  const { restarts, restartWindow } = context.settings.policy
  const now = context.ports.clock.monotonic()
  patience.starts = patience.starts.filter((at) => now - at < restartWindow)
  if (patience.starts.length >= restarts) return 'enough'
  patience.starts.push(now)
  const services = fallen(world, topology, context.journal.record.activeColor)
  context.ports.log.warn(`${services.join(', ')} is started again.`)
  await startServices(context, world, context.journal.record.active, services)
  return 'again'
}

async function stopIdleStandby(context: Context, world: World, topology: Topology, patience: Patience): Promise<'again' | 'enough'> {
  const now = context.ports.clock.monotonic()
  patience.standbySince ??= now
  if (now - patience.standbySince < context.settings.policy.standbyGrace) return 'enough'
  await stopStandby(context, world, topology).catch((error: unknown) => {
    context.ports.log.warn('The standby could not be stopped; it is tried again at the next look.', { error: sentenceOf(error) })
    throw error
  })
  patience.standbySince = null
  return 'again'
}
