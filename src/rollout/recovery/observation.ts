import type { Reach } from '../context.ts'
import { isRunning, look } from '../engine.ts'
import { UpdaterError } from '../errors.ts'
import type { Container, OpenOperation, RoutesFile } from '../model.ts'
import { managedServices, otherColor, type Color, type Group, type Topology } from '../topology.ts'
import { within } from '../within.ts'

/**
 * How a color stands: the worst of its groups. `stopped` containers can be started again, `absent` ones must be created;
 * `unknown` was not asked, since the color that matters more is healthy.
 */
export type ColorState = 'healthy' | 'unhealthy' | 'stopped' | 'absent' | 'unknown'

/** What was found in the world, in one look. */
export interface World {
  /** Null when the engine answers; else why not. */
  readonly engineFault: string | null
  readonly routes: RoutesFile
  /** Every container of a managed service; empty while the engine is unreachable. */
  readonly containers: readonly Container[]
  readonly colors: Readonly<Record<Color, ColorState>>
}

/** A color counts as unhealthy only after this many answers; one lost probe must not turn a decision. */
const asked = 3

/**
 * Looks at routes and containers, then asks the colors in the order in which they matter, until one is healthy: a new
 * color that hangs must not hold up the way back to the old one. Never rejects but for the context's signal.
 */
export async function observe(context: Reach, topology: Topology, operation: OpenOperation | null): Promise<World> {
  const [routes, engine] = await Promise.all([context.ports.router.read(), containersOf(context, topology)])
  if ('fault' in engine) {
    return { engineFault: engine.fault, routes, containers: [], colors: { blue: 'unknown', green: 'unknown' } }
  }
  const states: Record<Color, ColorState> = { blue: 'unknown', green: 'unknown' }
  for (const color of byImportance(routes, operation)) {
    states[color] = await colorState(context, topology, color, engine.containers)
    if (states[color] === 'healthy') break
  }
  return { engineFault: null, routes, containers: engine.containers, colors: states }
}

function byImportance(routes: RoutesFile, operation: OpenOperation | null): Color[] {
  const first = operation === null ? (routes.kind === 'routes' ? routes.active : 'blue') : operation.phase === 'retiring' ? operation.targetColor : operation.fromColor
  return [first, otherColor(first)]
}

async function containersOf(context: Reach, topology: Topology): Promise<{ containers: Container[] } | { fault: string }> {
  try {
    return { containers: await look(context, managedServices(topology)) }
  } catch (error) {
    if (context.signal.aborted) throw error
    return { fault: error instanceof UpdaterError ? error.message : String(error) }
  }
}

const worstFirst = ['absent', 'stopped', 'unhealthy', 'healthy'] as const

type Asked = (typeof worstFirst)[number]

async function colorState(context: Reach, topology: Topology, color: Color, containers: readonly Container[]): Promise<Asked> {
  const states = await Promise.all(topology.groups.map((group) =>
    groupState(context, group, containers.find(({ service }) => service === group.services[color]))))
  return worstFirst.find((state) => states.includes(state)) ?? 'healthy'
}

async function groupState(context: Reach, group: Group, container: Container | undefined): Promise<Asked> {
  if (container === undefined) return 'absent'
  if (!isRunning(container)) return 'stopped'
  const { clock, probe } = context.ports
  const limit = { name: 'probe', milliseconds: context.settings.limits.probe }
  for (let attempt = 1; attempt <= asked; attempt += 1) {
    const healthy = await within(clock, limit, 'The probe', context.signal, (signal) => probe.direct(container, group, signal))
      .then((answer) => answer.healthy, () => false)
    if (healthy) return 'healthy'
    context.signal.throwIfAborted()
    if (attempt < asked) await clock.sleep(context.settings.gates.quickest, context.signal)
  }
  return 'unhealthy'
}
