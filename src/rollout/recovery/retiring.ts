import { closeFinished } from '../closing.ts'
import type { Context } from '../context.ts'
import { isLost, isStorage, sentenceOf } from '../errors.ts'
import { retire } from '../rollout.ts'
import { updateTree } from '../steps/retire.ts'
import { warn } from '../steps/preview.ts'
import { route } from '../steps/switch-routes.ts'
import type { Topology } from '../topology.ts'
import { fallen } from './decide.ts'
import type { World } from './observation.ts'
import { failedOnceMore, mayStart, noTries, startableIn, type Patience } from './patience.ts'
import { startServices } from './repairs.ts'
import type { Rest } from './upkeep.ts'

/**
 * R11: the old color of a committed release retires. One that cannot be stopped does not keep the operation open for
 * good: after some tries it is closed as the success that it is, and what is left is R17's business. Nothing that
 * Traefik may still use is stopped by that.
 */
export async function finishRetiring(context: Context, world: World, topology: Topology, patience: Patience): Promise<'again' | Rest> {
  const { clock } = context.ports
  const { record } = context.journal
  try {
    // What serves does not wait for the next try: users would.
    const pause = Math.max(await startWhatServes(context, world, topology, patience), patience.retiring.notBefore - clock.monotonic())
    if (pause > 0) return { told: patience.retiring.why, againIn: pause }
    // Edited by hand since: without our stamp nobody could tell that Traefik follows, and the old color would stay for good.
    if (world.routes.kind === 'routes' && world.routes.generation !== record.generation) await route(context, record.activeColor, topology)
    await retire(context)
  } catch (error) {
    if (context.signal.aborted || isLost(error) || isStorage(error)) throw error
    patience.retiring = failedOnceMore(patience.retiring, sentenceOf(error), clock.monotonic(), firstPause, longestPause)
    if (patience.retiring.failed < triesToRetire) throw error
    await closeWithLeftover(context, error)
  }
  patience.retiring = noTries
  return 'again'
}

/**
 * An engine that died in the meantime has taken the committed release with it: it is started before anything is drained.
 * @returns in how many ms what fell again may be started once more; 0 when there is nothing to wait for
 */
async function startWhatServes(context: Context, world: World, topology: Topology, patience: Patience): Promise<number> {
  const { restarts, restartWindow } = context.settings.policy
  const { active, activeColor } = context.journal.record
  const now = context.ports.clock.monotonic()
  const down = fallen(world, topology, activeColor).map((service) => ({ service, due: startableIn(patience, service, now) }))
  const due = down.flatMap((one) => (one.due <= 0 ? [one.service] : []))
  const started = mayStart(patience.starts, due, now, restarts, restartWindow)
  if (started.length > 0) {
    context.ports.log.warn(`${started.join(', ')} is started again before the old color retires.`)
    await startServices(context, world, active, started)
  }
  return Math.max(0, ...down.map((one) => one.due))
}

const triesToRetire = 3
const firstPause = 10_000
const longestPause = 60_000

async function closeWithLeftover(context: Context, error: unknown): Promise<void> {
  const { fromColor } = context.journal.operation
  await warn(context, `The old color ${fromColor} was left running: ${sentenceOf(error)} Nothing is routed to it; it is stopped as soon as that is possible.`)
  await updateTree(context)
  await closeFinished(context)
}
