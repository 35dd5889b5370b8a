import { isRunning } from '../engine.ts'
import type { Container, UpdaterRecord } from '../model.ts'
import { servicesOf, singletonServices, type Topology } from '../topology.ts'
import { containersOf } from './decide.ts'
import type { World } from './observation.ts'
import { held, type Patience, type Run } from './patience.ts'

/**
 * What runs without being well, in sentences: a bot whose health check fails, one that the engine restarts again and
 * again (I11). Nothing is done about it: what serves is replaced by an operation alone. What does not run at all is R16's.
 * @param limit how long something may take to be well before it is told, ms
 */
export function unwell(world: World, record: UpdaterRecord, topology: Topology, patience: Patience, now: number, limit: number): string[] {
  const singletons = singletonServices(topology)
  const runs = new Map<string, Run>()
  const told: string[] = []
  for (const service of [...servicesOf(topology, record.activeColor), ...singletons]) {
    const [container, another] = containersOf(world, service)
    if (container === undefined || another !== undefined || !isRunning(container)) continue
    const isSingleton = singletons.includes(service)
    const run = runOf(container, isSingleton, patience.runs.get(service), now)
    runs.set(service, run)
    if (run.ailment === null) continue
    // The engine calls unhealthy only what has failed several times.
    const patient = run.ailment === unhealthy ? 0 : Math.max(limit, 2 * held)
    if (now - run.ailingSince >= patient) told.push(sentenceOf(container, run.ailment, isSingleton, record, topology))
  }
  patience.runs = runs
  return told
}

const unhealthy = 'fails its health check'
const unsteady = 'does not stay up'
const paused = 'is paused'

/** A start is a new run: only one that has held for a while shows that the service stays up. A new container has nothing held against it. */
function runOf(container: Container, isSingleton: boolean, last: Run | undefined, now: number): Run {
  const { id, startedAt } = container
  const earlier = last?.id === id ? last : undefined
  const since = earlier?.startedAt === startedAt ? earlier.since : now
  const ailment = ailmentOf(container, isSingleton, now - since >= held)
  // One ailment may lead to another: what dies before it is ever healthy has several by turns.
  const ailed = earlier !== undefined && earlier.ailment !== null
  return { id, startedAt, since, ailment, ailingSince: ailed ? earlier.ailingSince : now }
}

/** A color is asked itself in each look, whatever the engine says of its health. */
function ailmentOf({ state, health }: Container, isSingleton: boolean, isSteady: boolean): string | null {
  if (state === 'paused') return paused
  if (isSingleton && health === 'unhealthy') return unhealthy
  if (state === 'restarting' || !isSteady) return unsteady
  return isSingleton && health === 'starting' ? 'does not become healthy' : null
}

function sentenceOf({ service, restarts }: Container, ailment: string, isSingleton: boolean, { active, activeColor }: UpdaterRecord, topology: Topology): string {
  const often = ailment === unsteady && restarts > 0 ? `: the engine has restarted it ${restarts} times` : ''
  const serves = topology.groups.length === 0 ? '' : ` ${active.tag} on ${activeColor} serves ${isSingleton ? 'all the same' : 'with gaps'}.`
  const remedy = ailment === paused
    ? 'Let it go on with `docker unpause`.'
    : 'Look at its log and mend what ails it, apply another release, or roll back; the updater leaves alone what runs.'
  return `${service} ${ailment}${often}.${serves} ${remedy}`
}
