import type { Context } from '../context.ts'
import { isRunning, look } from '../engine.ts'
import { UpdaterError } from '../errors.ts'
import { servicesOf, type Color, type Topology } from '../topology.ts'
import { confirmGeneration } from './switch-routes.ts'

/**
 * Before a color that runs without being ours to route is ended, such as after an operator's `up -d` or a change of the
 * routes by hand: every entry point is seen to serve our generation, then requests in flight get their time (I1).
 * @throws routes_unconfirmed
 */
export async function letGo(context: Context, topology: Topology, color: Color): Promise<void> {
  const running = (await look(context, servicesOf(topology, color))).filter(isRunning)
  if (running.length === 0) return
  const { generation } = context.journal.record
  if (generation !== null) await confirmGeneration(context, topology, generation)
  await context.ports.clock.sleep(context.settings.limits.drain, context.signal)
}

/**
 * Right before a color is stopped: whoever wrote the routes file last, it does not serve that color.
 * @throws routes_unconfirmed
 */
export async function refuseRouted(context: Context, topology: Topology, color: Color): Promise<void> {
  if (topology.groups.length === 0) return
  const live = await context.ports.router.read()
  if (live.kind !== 'routes' || live.active !== color) return
  throw new UpdaterError('routes_unconfirmed', `The routes were changed to ${color} in the meantime, so ${color} is not stopped; the next look sets it right.`)
}
