import type { Reach } from '../context.ts'
import { isRunning, look } from '../engine.ts'
import { UpdaterError } from '../errors.ts'
import type { Container, RoutesFile } from '../model.ts'
import { colors, managedServices, type Color, type Group, type Topology } from '../topology.ts'
import { within } from '../within.ts'

/** How a color stands: the worst of its groups. `stopped` containers can be started again, `absent` ones must be created. */
export type ColorState = 'healthy' | 'unhealthy' | 'stopped' | 'absent'

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

/** Looks at routes, containers and health, side by side. Never rejects but for the context's signal. */
export async function observe(context: Reach, topology: Topology): Promise<World> {
  const [routes, engine] = await Promise.all([context.ports.router.read(), containersOf(context, topology)])
  if ('fault' in engine) {
    return { engineFault: engine.fault, routes, containers: [], colors: { blue: 'absent', green: 'absent' } }
  }
  const [blue, green] = await Promise.all(colors.map((color) => colorState(context, topology, color, engine.containers)))
  return { engineFault: null, routes, containers: engine.containers, colors: { blue: blue ?? 'absent', green: green ?? 'absent' } }
}

async function containersOf(context: Reach, topology: Topology): Promise<{ containers: Container[] } | { fault: string }> {
  try {
    return { containers: await look(context, managedServices(topology)) }
  } catch (error) {
    if (context.signal.aborted) throw error
    return { fault: error instanceof UpdaterError ? error.message : String(error) }
  }
}

const worstFirst = ['absent', 'stopped', 'unhealthy', 'healthy'] as const satisfies readonly ColorState[]

async function colorState(context: Reach, topology: Topology, color: Color, containers: readonly Container[]): Promise<ColorState> {
  const states = await Promise.all(topology.groups.map((group) =>
    groupState(context, group, containers.find(({ service }) => service === group.services[color]))))
  return worstFirst.find((state) => states.includes(state)) ?? 'healthy'
}

async function groupState(context: Reach, group: Group, container: Container | undefined): Promise<ColorState> {
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
