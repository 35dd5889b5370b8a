import { closeFinished, tidy } from '../closing.ts'
import type { Context } from '../context.ts'
import { isLost, isStorage, sentenceOf } from '../errors.ts'
import { retire } from '../rollout.ts'
import { updateTree } from '../steps/retire.ts'
import { warn } from '../steps/preview.ts'
import { route, routesBack } from '../steps/switch-routes.ts'
import { servicesOf, type Topology } from '../topology.ts'
import { fallen } from './decide.ts'
import { observe, type World } from './observation.ts'
import { failedOnceMore, mayStart, mayTry, noTries, type Patience } from './patience.ts'
import { holdRollouts, keepNewColor, startServices } from './repairs.ts'
import type { Rest } from './upkeep.ts'

/**
 * R8: the old color does not run; it is started, a few times within a window, so that a cause that somebody mends ends
 * this by itself. In between the new color is kept if it is healthy, else it is as R9.
 */
export async function startOldColor(context: Context, world: World, topology: Topology, patience: Patience, why: string): Promise<'again' | Rest> {
  const { restarts, restartWindow } = context.settings.policy
  const { from, fromColor, targetColor } = context.journal.operation
  if (!mayTry(patience.oldColorStarts, context.ports.clock.monotonic(), restarts, restartWindow)) {
    await holdRollouts(context, `The old color ${fromColor} could not be started.`)
    if (world.colors[targetColor] === 'healthy') {
      await keepNewColor(context)
      return 'again'
    }
    await routesBack(context)
    return { told: wayOut(context), againIn: null }
  }
  await holdRollouts(context, why)
  await startServices(context, world, from, servicesOf(topology, fromColor))
  await awaitColor(context)
  return 'again'
}

/** R9: neither color is healthy: the old routes, both kept; every look decides anew, so that a color which recovers ends it. */
export async function keepBoth(context: Context, why: string): Promise<Rest> {
  await holdRollouts(context, why)
  await routesBack(context)
  return { told: wayOut(context), againIn: null }
}

/**
 * R11: the old color of a committed release retires. One that cannot be stopped does not keep the operation open for
 * good: after some tries it is closed as the success that it is, and what is left is R17's business. Nothing that
 * Traefik may still use is stopped by that.
 */
export async function finishRetiring(context: Context, world: World, topology: Topology, patience: Patience): Promise<'again' | Rest> {
  const { clock } = context.ports
  const { record } = context.journal
  if (clock.monotonic() < patience.retiring.notBefore) return { told: patience.retiring.why, againIn: null }
  try {
    await startWhatServes(context, world, topology, patience)
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

/** An engine that died in the meantime has taken the committed release with it: it is started before anything is drained. */
async function startWhatServes(context: Context, world: World, topology: Topology, patience: Patience): Promise<void> {
  const { restarts, restartWindow } = context.settings.policy
  const { active, activeColor } = context.journal.record
  const down = mayStart(patience.starts, fallen(world, topology, activeColor), context.ports.clock.monotonic(), restarts, restartWindow)
  if (down.length === 0) return
  context.ports.log.warn(`${down.join(', ')} is started again before the old color retires.`)
  await startServices(context, world, active, down)
}

const triesToRetire = 3
const firstPause = 10_000
const longestPause = 60_000

async function closeWithLeftover(context: Context, error: unknown): Promise<void> {
  const { fromColor } = context.journal.operation
  await warn(context, `The old color ${fromColor} was left running: ${sentenceOf(error)} Nothing is routed to it; it is stopped as soon as that is possible.`)
  await updateTree(context)
  await closeFinished(context)
  await tidy(context)
}

/** What an operator can do, for the finding. */
function wayOut(context: Context): string {
  const { from, fromColor, target, targetColor } = context.journal.operation
  return `Look at the containers' logs and mend either color; the next look goes on by itself: with ${fromColor} (${from.tag}) healthy `
    + `${target.tag} is undone, with only ${targetColor} (${target.tag}) healthy that one is kept. Then unpause.`
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
