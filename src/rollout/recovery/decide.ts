import { isFrom, isOfRelease, isRunning } from '../engine.ts'
import type { Container, LoadedRecord, OpenOperation, RoutesFile, UpdaterRecord } from '../model.ts'
import type { World } from './observation.ts'
import { managedServices, otherColor, servicesOf, singletonServices, type Color, type Topology } from '../topology.ts'

/** A row of the recovery table (design.md), or 0: nothing to do. */
export type Row = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15 | 16 | 17

/** What is to be done, and why, in a sentence for the log and the status. */
export interface Decision {
  readonly row: Row
  readonly why: string
}

export interface Situation {
  readonly loaded: LoadedRecord
  readonly world: World
  /** Topology that counts now: the open operation's, else the settings'. */
  readonly topology: Topology
  /** Something of ours was found outside the record: stamped routes, a history (R3, R4). */
  readonly traces: boolean
  /** The text that our routes file should have. */
  expectedRoutes(record: UpdaterRecord, sequence: number): string | null
}

/** Which row of the recovery table applies: the first match. Pure. */
export function decide(situation: Situation): Decision {
  const { loaded, world, topology } = situation
  const doubt = notBelieved(loaded, world.routes, situation.traces)
  if (loaded.kind === 'newer' && doubt !== null) return row(1, doubt)
  if (world.engineFault !== null) return row(2, `The engine does not answer: ${world.engineFault}`)
  if (doubt !== null) return row(4, doubt)
  if (loaded.kind !== 'record') return row(3, 'First start: what runs is taken over.')

  const { record } = loaded
  const crowded = topology.singletons.find(({ service }) => containersOf(world, service).length > 1)
  if (crowded !== undefined) return row(5, `More than one container of ${crowded.service} was found.`)
  return record.operation === null ? whenIdle(record, situation) : whenOpen(record.operation, situation)
}

/** Why nothing that a record says is acted on (R1, R4), in a sentence; null: it is believed, or this is a first start. */
export function notBelieved(loaded: LoadedRecord, routes: RoutesFile, traces: boolean): string | null {
  const written = sequenceOf(routes)
  switch (loaded.kind) {
    case 'newer':
      return `The record has schema ${loaded.schema}, written by a newer version; nothing is changed.`
    case 'damaged':
      return `The record is damaged: ${loaded.reason}`
    case 'record':
      if (written <= loaded.record.sequence) return null
      return `The routes file was written at record ${written}, the record is ${loaded.record.sequence}: an older copy was restored.`
    case 'none':
    case 'predecessor':
      return traces || written > 0 ? 'The record is missing although the updater has been at work here before.' : null
  }
}

function whenOpen(operation: OpenOperation, { world, topology }: Situation): Decision {
  const { fromColor, targetColor, phase } = operation
  const serves = served(world.routes)
  const routed = topology.groups.length > 0
  if (phase === 'retiring') {
    if (!routed || serves === targetColor) return row(11, `${operation.target.tag} is committed; the old color is retired.`)
    if (world.colors[targetColor] === 'healthy') return row(12, `${operation.target.tag} is committed but not routed.`)
    return row(4, `${operation.target.tag} is committed but neither routed nor healthy.`)
  }
  if (phase === 'preparing' && (!routed || serves === fromColor)) return row(6, `${operation.target.tag} was being prepared; it is taken away again.`)
  const old = world.colors[fromColor]
  if (old === 'healthy') return row(7, `${operation.target.tag} did not reach its commit point; it is undone.`)
  if (old === 'stopped' || old === 'absent') return row(8, `The old color ${fromColor} does not run; it is started.`)
  if (world.colors[targetColor] === 'healthy') return row(10, `The old color ${fromColor} is unhealthy and ${targetColor} is healthy.`)
  return row(9, 'Neither color is healthy.')
}

function whenIdle(record: UpdaterRecord, situation: Situation): Decision {
  const { world, topology } = situation
  const { routes } = world
  if (topology.groups.length > 0) {
    const serves = served(routes)
    if (serves === null) return row(15, routes.kind === 'missing' ? 'The routes file is missing.' : 'The routes file is unreadable.')
    if (serves !== record.activeColor) {
      return world.colors[serves] === 'healthy'
        ? row(14, `Somebody routed the traffic to ${serves}, which is healthy.`)
        : row(15, `The routes file serves ${serves}, which is ${world.colors[serves]}.`)
    }
    // What is not there, such as a service renamed in the settings, is started first (R16): the routes may serve another name well.
    const there = world.colors[serves] !== 'absent' && world.colors[serves] !== 'stopped'
    if (routes.kind === 'routes' && there && situation.expectedRoutes(record, sequenceOf(routes)) !== routes.text) {
      return row(13, record.generation === null || routes.generation === null ? 'The routes file is brought into our form.' : 'The routes file was changed by hand.')
    }
  }
  const down = fallen(world, topology, record.activeColor)
  if (down.length > 0) return row(16, `${down.join(', ')} should run and does not.`)
  const standby = servicesOf(topology, otherColor(record.activeColor)).filter((service) => containersOf(world, service).some(isRunning))
  if (standby.length > 0) return row(17, `${standby.join(', ')} runs but is not routed.`)
  // Nothing can be done about it here: a newer release, a rollback or an operator can. But it is told (I11).
  if (world.colors[record.activeColor] === 'unhealthy') return row(0, `${record.active.tag} on ${record.activeColor} serves, but does not answer as healthy.`)
  const others = [...servicesOf(topology, record.activeColor), ...singletonServices(topology)]
    .flatMap((service) => containersOf(world, service).filter((container) => !isOfRelease(container, record.active)))
  if (others.length > 0) return row(0, besideActive(record, others))
  return row(0, asItShouldBe)
}

/** What runs besides the active release: a singleton that was put back beside a color that had to be kept (R10, R14), or somebody's work. */
function besideActive({ active, previous }: UpdaterRecord, others: readonly Container[]): string {
  const services = others.map(({ service }) => service).join(', ')
  const [earlier, another] = previous.filter((release) => others.some((container) => isFrom(container, release)))
  if (earlier !== undefined && another === undefined && others.every((container) => isFrom(container, earlier))) {
    return `${services} runs ${earlier.tag}, everything else ${active.tag}. Apply a release to have one everywhere.`
  }
  return `${services} does not run ${active.tag}, as the record has it, but another image: somebody replaced it. Apply a release to know again what runs.`
}

/** What there is to say when there is nothing to say. */
export const asItShouldBe = 'Everything is as it should be.'

/** Managed services that serve now and have no running container. */
export function fallen(world: World, topology: Topology, active: Color): string[] {
  const wanted = [...servicesOf(topology, active), ...topology.singletons.map(({ service }) => service)]
  return wanted.filter((service) => !containersOf(world, service).some(isRunning))
}

/** Services that somebody's compose is replacing just now: it makes the next container before the old one goes. */
export function recreated(world: World, topology: Topology): string[] {
  return managedServices(topology).filter((service) => {
    const found = containersOf(world, service)
    return found.length > 1 && found.filter(isRunning).length <= 1 && found.some(({ state }) => state === 'created')
  })
}

/** Containers of one service in what was observed. */
export function containersOf(world: World, service: string): World['containers'] {
  return world.containers.filter((container) => container.service === service)
}

/** The color that the routes file serves; null when it cannot be told. */
export function served(routes: RoutesFile): Color | null {
  return routes.kind === 'routes' ? routes.active : null
}

/** Record number at which the routes file was written; 0 when it carries none. */
export function sequenceOf(routes: RoutesFile): number {
  return routes.kind === 'routes' ? (routes.sequence ?? 0) : 0
}

function row(number: Row, why: string): Decision {
  return { row: number, why }
}
