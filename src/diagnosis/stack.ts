import type { Reach } from '../rollout/context.ts'
import { isRunning } from '../rollout/engine.ts'
import { asSentence } from '../rollout/errors.ts'
import type { LoadedRecord, UpdaterRecord } from '../rollout/model.ts'
import { pauseReasonOf } from '../rollout/pause.ts'
import { asItShouldBe, containersOf, type Row } from '../rollout/recovery/decide.ts'
import type { World } from '../rollout/recovery/observation.ts'
import { decideFor } from '../rollout/recovery/reconcile.ts'
import { otherColor, servicesOf } from '../rollout/topology.ts'
import { listed, type Check } from './check.ts'
import { notChecked, ok, warning, wrong, type Judgement } from './finding.ts'

/** The stack as the updater, or whoever reads its record, sees it. */
export interface StackView {
  readonly reach: Reach
  /** Null while nothing was read yet. */
  readonly loaded: LoadedRecord | null
  /** The last write of the record failed, so that nobody knows which one is on the disk. */
  readonly undetermined: boolean
  /** What is being done just now: `apply v1.2.3`; null: nothing. */
  readonly doing: string | null
  /** One look at routes, containers and colors, shared by all checks. */
  world(): Promise<World>
}

/** Whether record, routes and containers agree, and what there is to say of each. */
export function stackChecks(view: StackView): Check[] {
  const mend = 'Look at the findings about engine and Traefik first.'
  return [
    { id: 'record', look: () => Promise.resolve(record(view)), mend },
    { id: 'agreement', look: () => agreement(view), mend },
    { id: 'standby', look: () => standby(view), mend },
    { id: 'holds', look: () => Promise.resolve(holds(recordOf(view))), mend },
  ]
}

/** Null where there is no record to go by. */
export function recordOf({ loaded }: StackView): UpdaterRecord | null {
  return loaded?.kind === 'record' ? loaded.record : null
}

function record({ loaded, undetermined, reach }: StackView): Judgement {
  switch (loaded?.kind) {
    case undefined:
      return notChecked('The record was not read yet.', 'Ask again in a moment.')
    case 'none':
      return warning('There is no record: the stack was not taken over yet.', 'Start the updater and the stack; what runs is taken over then.')
    case 'predecessor':
      return warning("The record is the predecessor's plain file: the stack was not taken over yet.", 'Start the updater; it takes over what runs without loss.')
    case 'damaged':
      return wrong(asSentence(`The record is damaged: ${loaded.reason}`), 'See what serves, start the updater, which adopts it and holds rollouts, then unpause.')
    case 'newer':
      return wrong(`The record has schema ${loaded.schema}, written by a newer updater.`, 'Start that newer version again; this one only observes.')
    case 'record': {
      if (undetermined) return wrong('The last write of the record failed, and nobody knows which one is on the disk.', 'Look at the disk of the state directory; it is written again as soon as it can be.')
      const ahead = timesIn(loaded.record).filter((time) => Date.parse(time) > reach.ports.clock.now() + tolerated).toSorted().at(-1)
      if (ahead !== undefined) return warning(`The record holds a time that is still to come: ${ahead}.`, 'Set the clock of this machine right, which was ahead then or is behind now; nothing waits for that time.')
      return ok(`The record can be read (number ${loaded.record.sequence}), and no time in it is still to come.`)
    }
  }
}

/** Two machines, or one before and after its clock was set, may differ by this, ms. */
const tolerated = 60_000

function timesIn(record: UpdaterRecord): string[] {
  const { lastCheckedAt, lastSuccessAt, lastFailureAt, resumedAt, lastResult, operation, maintenance } = record
  const times = [
    lastCheckedAt, lastSuccessAt, lastFailureAt, resumedAt, lastResult?.startedAt, lastResult?.completedAt, operation?.startedAt, maintenance?.since,
    ...record.holds.map(({ since }) => since), ...record.quarantine.map(({ since }) => since),
  ]
  return times.filter((time) => typeof time === 'string')
}

/** Which row of the recovery table would apply: the very decision by which the watch sees to the stack. */
async function agreement(view: StackView): Promise<Judgement> {
  const { loaded, doing, reach } = view
  if (doing !== null) return notChecked(`${doing} is under way.`, 'Ask again when it is over.')
  if (loaded === null) return notChecked('The record was not read yet.', 'Ask again in a moment.')
  const topology = recordOf(view)?.operation?.topology ?? reach.settings.topology
  const { row, why } = decideFor(reach, { loaded, world: await view.world(), topology, traces: await hasTraces(view) })
  if (row === 2) return notChecked('Record and containers cannot be compared, since the engine does not answer. (R2)', 'Look at the finding about the engine first.')
  if (row !== 0) return judgeRow(row, `${why} (R${row})`)
  return why === asItShouldBe
    ? ok('Record, routes and containers agree.')
    : wrong(why, "Look at the containers' logs; a newer release, a rollback or the same release again can mend it.")
}

async function hasTraces({ loaded, reach }: StackView): Promise<boolean> {
  if (loaded?.kind === 'record') return true
  return (await reach.ports.history.entries().catch(() => [])).length > 0 // an unreadable history is told when it is read
}

function judgeRow(row: Exclude<Row, 0 | 2>, found: string): Judgement {
  switch (row) {
    case 13:
    case 17:
      return warning(found, 'The updater sees to it by itself within a minute, unless maintenance mode is on.')
    case 1:
    case 4:
      return wrong(found, 'Mend what is named; nothing is started, stopped or routed on a guess.')
    case 3:
      return warning(found, 'Start the updater, which does that.')
    case 5:
    case 16:
      return wrong(found, 'The updater sees to it by itself, unless maintenance mode is on; if it stays so, look at the log of that container.')
    case 14:
    case 15:
      return wrong(found, 'The updater sees to it by itself and holds rollouts; find out who changed the routes file, then unpause.')
    case 6:
    case 7:
    case 8:
    case 9:
    case 10:
    case 11:
    case 12:
      return wrong(found, 'The updater brings the open operation to its end; if it stays open, GET /status says what keeps it.')
  }
}

/** The color that nobody is routed to is to be stopped, and every service to have one container. */
async function standby(view: StackView): Promise<Judgement> {
  const { doing, reach } = view
  const world = await view.world()
  if (world.engineFault !== null) return notChecked('The engine does not answer.', 'Look at the finding about the engine first.')
  const active = recordOf(view)?.activeColor ?? (world.routes.kind === 'routes' ? world.routes.active : null)
  if (doing !== null) return notChecked(`${doing} is under way: the standby color is its own.`)
  if (active === null) return notChecked('It is not known which color serves.', 'Look at the finding about the record first.')
  const color = otherColor(active)
  const services = servicesOf(reach.settings.topology, color)
  const running = services.filter((service) => containersOf(world, service).some(isRunning))
  if (running.length > 0) return warning(`${listed(running)} of the standby color ${color} is not stopped, and nobody is routed to it.`, 'The updater stops it after a minute; if it stays, look at the log of the updater, or stop it by hand.')
  const crowded = services.filter((service) => containersOf(world, service).length > 1)
  if (crowded.length > 0) return warning(`More than one container is left of ${listed(crowded)}.`, `Remove those that you do not need with docker rm.`)
  return ok(`The standby color ${color} is stopped; ${active} serves.`)
}

function holds(record: UpdaterRecord | null): Judgement {
  if (record === null) return notChecked('Whether rollouts are paused is in the record, which is not there to be read.', 'Look at the finding about the record first.')
  const reason = pauseReasonOf(record)
  if (reason === null) return ok('Rollouts are not paused.')
  const found = asSentence(`Rollouts are paused: ${reason}`)
  return record.maintenance === null
    ? warning(found, 'See to the reason, then POST /update/unpause.')
    : warning(found, 'When the work is done: DELETE /maintenance.')
}
