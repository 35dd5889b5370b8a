import type { Context, Reach } from '../context.ts'
import { isLost, sentenceOf } from '../errors.ts'
import { undo } from '../undo.ts'
import { route, routesBack } from '../steps/switch-routes.ts'
import type { Topology } from '../topology.ts'
import { adoptStack, holdReason, withAdopted } from './adoption.ts'
import { decide, fallen, sequenceOf, served, type Decision, type Row, type Situation } from './decide.ts'
import { observe, type World } from './observation.ts'
import { keepBoth, keepUnlessOldComesBack, startOldColor } from './old-color.ts'
import { forgetStartsThatHeld, noTries, type Patience } from './patience.ts'
import { adoptRoutedColor, holdOf, holdRollouts, removeSurplusSingletons, restoreRoutes, routeAndRetire } from './repairs.ts'
import { finishRetiring } from './retiring.ts'
import { wantRoom } from './room.ts'
import { enough, isLeftToCompose, pointTagsBack, startFallen, stopIdleStandby, type Rest } from './upkeep.ts'
import { unwell } from './unwell.ts'

/** How a look at the world ended. */
export interface Reconciled {
  /** Record and world agree; nothing is open. */
  readonly settled: boolean
  /** Row that applied last. */
  readonly row: Row
  readonly why: string
  /** What is not well although nothing is open, in sentences. */
  readonly unwell: readonly string[]
  /** After how many ms another look is worth while, before the next one is due; null: it is not. */
  readonly againIn: number | null
}

/** Why somebody looks: the watch has time; `hurry`: somebody waits for what follows. */
export interface Haste {
  readonly hurry: boolean
}

/** More rows in one go than any real situation needs; what is left is done at the next look. */
const rowsAtOnce = 12

/**
 * Looks, decides, acts, and looks again until record and world agree or nothing more can be done now. Level-triggered:
 * killed in its middle and run again it ends the same. For a stack that has a record.
 * @throws what an effect throws; the record still tells what is open
 */
export async function reconcile(context: Context, patience: Patience, haste: Haste = { hurry: false }): Promise<Reconciled> {
  let last: Decision = { row: 0, why: 'Nothing was looked at yet.' }
  let rest: Rest = enough
  let ailing: readonly string[] = []
  await trafficFirst(context)
  for (let rows = 0; rows < rowsAtOnce; rows += 1) {
    context.signal.throwIfAborted()
    const { operation, maintenance } = context.journal.record
    const topology = operation?.topology ?? context.settings.topology
    const world = await observe(context, topology, operation)
    const decision = decideFor(context, { loaded: { kind: 'record', record: context.journal.record }, world, topology, traces: true })
    if (decision.row !== last.row && decision.row !== 0) context.ports.log.info(`Recovery R${decision.row}: ${decision.why}`, { row: decision.row })
    last = decision
    forget(patience, decision.row, operation !== null)
    if (world.engineFault === null) forgetHeld(context, world, topology, patience)
    ailing = ailingIn(context, world, topology, patience)
    // What an operator does by hand is theirs, until they leave maintenance mode; an open operation is ours to end.
    if (maintenance !== null && operation === null && decision.row >= 5) {
      patience.standbySince = null
      break
    }
    const outcome = await carryOut(context, decision, world, topology, patience, haste)
    if (outcome === 'again') continue
    rest = outcome
    if (operation !== null || maintenance !== null) break
    if (decision.row === 0) await pointTagsBack(context, world, topology, patience)
    break
  }
  const why = rest.told === null ? last.why : `${last.why} ${rest.told}`
  return { settled: isSettled(last), row: last.row, why, unwell: ailing, againIn: rest.againIn }
}

/** Which row applies, by the routes that this router would write. */
export function decideFor({ ports }: Pick<Reach, 'ports'>, situation: Omit<Situation, 'expectedRoutes'>): Decision {
  return decide({
    ...situation,
    expectedRoutes: (record, sequence) => record.generation === null
      ? null
      : ports.router.render({ active: record.activeColor, generation: record.generation, sequence, topology: situation.topology }),
  })
}

/** What is over counts anew when it comes again. */
function forget(patience: Patience, row: Row, isOpen: boolean): void {
  if (isOpen) {
    patience.tagsLookedAt = null
    patience.runs = new Map()
    wantRoom(patience)
  } else {
    patience.oldColorStarts = []
    patience.oldColor = noTries
    patience.retiring = noTries
  }
  if (row === 0) {
    patience.standbySince = null
    patience.standbyStops = noTries
    patience.recreatedSince = null
  }
  if (row !== 16) {
    patience.fallen = new Map()
    patience.notStarted = null
  }
}

function forgetHeld(context: Context, world: World, topology: Topology, patience: Patience): void {
  forgetStartsThatHeld(patience.starts, fallen(world, topology, context.journal.record.activeColor), context.ports.clock.monotonic())
}

/** An operation tells itself what ails the services that it deals with. */
function ailingIn({ journal: { record }, ports, settings }: Context, world: World, topology: Topology, patience: Patience): string[] {
  if (record.operation !== null || world.engineFault !== null) return []
  return unwell(world, record, topology, patience, ports.clock.monotonic(), settings.limits.singletonHealth)
}

/** A standby that is left running for now and a fallen service that is not started again are told, but nothing is open. */
function isSettled({ row }: Decision): boolean {
  return row === 0 || row === 16 || row === 17
}

async function carryOut(
  context: Context, { row, why }: Decision, world: World, topology: Topology, patience: Patience, { hurry }: Haste,
): Promise<'again' | Rest> {
  const { record } = context.journal
  switch (row) {
    case 0:
    case 1:
    case 2:
    case 3:
      return enough
    case 4:
      await adoptWhatServes(context, topology, why)
      return 'again'
    case 5:
      if (isLeftToCompose(context, world, topology, patience)) return enough
      await context.journal.settle()
      await removeSurplusSingletons(context, world, topology)
      return 'again'
    case 6:
    case 7:
      await undo(context)
      return 'again'
    case 8:
      return startOldColor(context, world, topology, patience, why, hurry)
    case 9:
      return keepBoth(context, why)
    case 10:
      return keepUnlessOldComesBack(context, why)
    case 11:
      return finishRetiring(context, world, topology, patience)
    case 12:
      await holdRollouts(context, why)
      await routeAndRetire(context)
      return 'again'
    case 13:
      await route(context, record.activeColor, topology)
      return 'again'
    case 14: {
      const color = served(world.routes)
      if (color === null) return enough
      // Known before the adoption is written: if that is reported as failed, what holds must not go with the next write.
      await holdRollouts(context, why)
      await adoptRoutedColor(context, world, topology, color, why)
      return 'again'
    }
    case 15:
      await restoreRoutes(context, world, topology, why)
      return 'again'
    case 16:
      if (isLeftToCompose(context, world, topology, patience)) return enough
      return startFallen(context, world, topology, patience, hurry)
    case 17:
      return stopIdleStandby(context, world, topology, patience)
  }
}

/** R4: what the record says of an operation is not believed, so the routed color is what matters now. */
async function adoptWhatServes(context: Context, topology: Topology, why: string): Promise<void> {
  const world = await observe(context, topology, null)
  const adopted = await adoptStack(context, null, world)
  await context.journal.commit(withAdopted(adopted, holdOf(context, holdReason(why, adopted, world, topology))))
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
