import { closeKept } from '../closing.ts'
import { failureOf } from '../consequences.ts'
import type { Context } from '../context.ts'
import { UpdaterError, firstLine, isLost, sentenceOf } from '../errors.ts'
import { keepWorkingSingletons, restoreSingletons, someDoesNotRun, someIsDown } from '../steps/singleton.ts'
import { routeTarget, routesBack } from '../steps/switch-routes.ts'
import { servicesOf, type Topology } from '../topology.ts'
import { observe, type World } from './observation.ts'
import { failedOnceMore, mayTry, noTries, startEvery, type Patience } from './patience.ts'
import { holdRollouts, startServices } from './repairs.ts'
import type { Rest } from './upkeep.ts'

/*
 * R8, R9, R10: before the commit point, the old color is not healthy. Which color serves in the end is decided slowly, since
 * an undo needs the old one; who is to be served does not wait for that, nor does the singleton once somebody is routed.
 */

/**
 * R8: the old color does not run; it is started, a few times within a window, so that a cause that somebody mends ends
 * this by itself. In between the new color is kept if it is healthy, else it is as R9.
 * @param hurry somebody waits for what follows: they may have mended why it could not be started
 */
export async function startOldColor(
  context: Context, world: World, topology: Topology, patience: Patience, why: string, hurry: boolean,
): Promise<'again' | Rest> {
  const { clock } = context.ports
  const { restarts, restartWindow } = context.settings.policy
  const pause = patience.oldColor.notBefore - clock.monotonic()
  if (pause > 0 && !hurry) return { told: patience.oldColor.why, againIn: pause }
  const { from, fromColor, targetColor } = context.journal.operation
  const isNewHealthy = world.colors[targetColor] === 'healthy'
  if (!mayTry(patience.oldColorStarts, clock.monotonic(), restarts, restartWindow)) {
    await holdRollouts(context, `The old color ${fromColor} could not be started.`)
    if (isNewHealthy) {
      await keepNewColor(context)
      return 'again'
    }
    await routesBack(context)
    await bringBackWhatIsDown(context, someDoesNotRun)
    return { told: wayOut(context), againIn: null }
  }
  await holdRollouts(context, why)
  if (isNewHealthy) await serveByNewColor(context)
  try {
    await startServices(context, world, from, servicesOf(topology, fromColor))
    patience.oldColor = noTries
  } catch (error) {
    // Looks that failed follow each other soon: they must not use up the starts at once. An engine that went away is R2's.
    if (!isUnreachable(error)) patience.oldColor = failedOnceMore(patience.oldColor, sentenceOf(error), clock.monotonic(), startEvery, startEvery)
    throw error
  } finally {
    if (isNewHealthy) await bringBackWhatIsDown(context)
  }
  // With the new color healthy it is waited for in R10. With neither the singletons wait too, until somebody is routed (R7, R9).
  if (!isNewHealthy) await isStillUnhealthy(context)
  return 'again'
}

/** R9: neither color is healthy: the old routes, both kept; every look decides anew, so that a color which recovers ends it. */
export async function keepBoth(context: Context, why: string): Promise<Rest> {
  await holdRollouts(context, why)
  await routesBack(context)
  await bringBackWhatIsDown(context, someDoesNotRun)
  return { told: wayOut(context), againIn: null }
}

/**
 * R10: only the new color is healthy. It serves at once; it is kept for good only when the old one has had the time that
 * any color has to become healthy: it may have been started just now (R8, a host that boots), or be on its way down.
 */
export async function keepUnlessOldComesBack(context: Context, why: string): Promise<'again'> {
  await serveByNewColor(context)
  await bringBackWhatIsDown(context)
  if (!(await isStillUnhealthy(context))) return 'again'
  await holdRollouts(context, why)
  await keepNewColor(context)
  return 'again'
}

/** The new color becomes active, nothing of the two is stopped, the last good release stays what it was. */
async function keepNewColor(context: Context): Promise<void> {
  const { target, targetColor, failure, step } = context.journal.operation
  const generation = await routeTarget(context)
  await context.journal.settle()
  const told = await keepWorkingSingletons(context)
  const cause = failure ?? failureOf(new UpdaterError('interrupted', `The updater ended during ${step ?? 'its first step'}.`), step)
  const sentence = [firstLine(cause.sentence), `The old color is unhealthy, so ${target.tag} on ${targetColor} goes on serving.`, ...told].join(' ')
  await closeKept(context, { ...cause, sentence }, generation)
}

/** Best effort: what fails here the rows try again. */
async function serveByNewColor(context: Context): Promise<void> {
  await tryTo(context, 'The traffic could not be led to the new color meanwhile.', () => routeTarget(context))
}

/** While neither color is healthy one that only is not well is left as it is: each look would wait for it, and not see a color recover. */
async function bringBackWhatIsDown(context: Context, isDown = someIsDown): Promise<void> {
  context.signal.throwIfAborted()
  if (context.journal.operation.phase !== 'swapping' || !(await isDown(context))) return
  await tryTo(context, 'The old release\'s singletons could not be brought back meanwhile.', async () => {
    await context.journal.settle()
    await restoreSingletons(context)
  })
}

async function tryTo(context: Context, otherwise: string, run: () => Promise<unknown>): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (context.signal.aborted || isLost(error)) throw error
    context.ports.log.warn(otherwise, { error: sentenceOf(error) })
  }
}

/** Waits while the old color runs without being healthy, and nothing else changes. @returns whether that is still so at the limit */
async function isStillUnhealthy(context: Context): Promise<boolean> {
  const { clock } = context.ports
  const { operation } = context.journal
  const { fromColor, targetColor, topology } = operation
  const before = (await observe(context, topology, operation)).colors[targetColor]
  const deadline = clock.monotonic() + context.settings.limits.directHealth
  for (;;) {
    // Looked at once more at the limit: the daemon may have been stopped meanwhile (fault 21).
    const isOver = clock.monotonic() >= deadline
    const { colors, engineFault } = await observe(context, topology, operation)
    if (engineFault !== null || colors[fromColor] !== 'unhealthy' || colors[targetColor] !== before) return false
    if (isOver) return true
    await clock.sleep(context.settings.gates.quickest, context.signal)
  }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof UpdaterError && error.code === 'engine_unreachable'
}

/** What an operator can do, for the finding. */
function wayOut(context: Context): string {
  const { from, fromColor, target, targetColor } = context.journal.operation
  return `Look at the containers' logs and mend either color; the next look goes on by itself: with ${fromColor} (${from.tag}) healthy `
    + `${target.tag} is undone, with only ${targetColor} (${target.tag}) healthy that one is kept. Then unpause.`
}
