import type { Context } from '../context.ts'
import { isLost, sentenceOf } from '../errors.ts'
import { passGate } from '../gates.ts'
import { changeOperation } from '../journal.ts'
import type { RoutesFile } from '../model.ts'
import { stepNames } from '../plan.ts'
import { sideBySide } from '../side-by-side.ts'
import type { Color, Group, Topology } from '../topology.ts'
import { effect, enterPhase, gate } from './step.ts'

/**
 * Prepares both ways, then moves the traffic by one rename. The way back is durable before the switch, so that going
 * back needs no free space (I10).
 */
export async function switchRoutes(context: Context): Promise<void> {
  const { router, random } = context.ports
  const { topology, fromColor, targetColor } = context.journal.operation
  if (topology.groups.length === 0) return enterPhase(context, 'switching')
  const generations = { target: random.token(), back: random.token() }
  await enterPhase(context, 'switching', { generations })
  const sequence = context.journal.durableSequence
  await effect(context, [stepNames.switch], async () => {
    await router.stage({ active: fromColor, generation: generations.back, sequence, topology })
    await router.stage({ active: targetColor, generation: generations.target, sequence, topology })
    context.ports.authority.check()
    await router.activate(generations.target)
  })
}

/**
 * Undo of `switchRoutes`: the prepared version of the old routes, by one rename.
 * @returns the generation that is in force now
 * @throws routes_unwritable
 */
export async function routesBack(context: Context): Promise<string | null> {
  const { router } = context.ports
  const { generations, topology, fromColor } = context.journal.operation
  context.ports.authority.check()
  if (generations === null) {
    const live = await router.read()
    return isUntouched(context, live) ? live.generation : writeBack(context)
  }
  try {
    await router.activate(generations.back)
  } catch (error) {
    if (isLost(error)) throw error
    // The kill may have come before the way back was staged; then the switch cannot have happened either.
    const live = await router.read()
    if (isUntouched(context, live)) return live.generation
    context.ports.log.warn('The prepared way back was not there; it is written again.', { error: sentenceOf(error) })
    await router.stage({ active: fromColor, generation: generations.back, sequence: context.journal.durableSequence, topology })
    await router.activate(generations.back)
  }
  // It may have been in force before and edited by hand since, its stamp left as it was.
  const live = await router.read()
  return live.kind === 'routes' && live.active === fromColor ? generations.back : writeBack(context)
}

/** A new way back, kept in the operation, so that every later look knows that it has to be confirmed and drained. */
async function writeBack(context: Context): Promise<string> {
  const { router, random } = context.ports
  const { topology, fromColor } = context.journal.operation
  const back = random.token()
  await context.journal.commit(changeOperation((operation) => ({ ...operation, generations: { target: operation.generations?.target ?? random.token(), back } })))
  await router.stage({ active: fromColor, generation: back, sequence: context.journal.durableSequence, topology })
  context.ports.authority.check()
  await router.activate(back)
  return back
}

/** Whether the routes are those from before the operation, edited by nobody. */
export function isUntouched(context: Context, live: RoutesFile): live is RoutesFile & { kind: 'routes' } {
  const { operation, record } = context.journal
  return live.kind === 'routes' && live.active === operation.fromColor && live.generation === record.generation
}

/** Writes and activates routes for a color under a new generation that is durable in the record first. */
export async function route(context: Context, color: Color, topology: Topology): Promise<string> {
  const generation = context.ports.random.token()
  await context.journal.commit((record) => ({ ...record, generation }))
  await context.ports.router.stage({ active: color, generation, sequence: context.journal.durableSequence, topology })
  context.ports.authority.check()
  await context.ports.router.activate(generation)
  return generation
}

/**
 * Routes the new color while the old one is down, neither decides anything: the way back is laid ready again first, so that
 * it stays one rename (I10). Repeated without harm. @returns the generation that is in force now
 */
export async function routeTarget(context: Context): Promise<string> {
  const { router } = context.ports
  const { generations, topology, fromColor, targetColor } = context.journal.operation
  const live = await router.read()
  if (live.kind === 'routes' && live.active === targetColor && live.generation !== null && live.generation === context.journal.record.generation) return live.generation
  if (generations !== null) await router.stage({ active: fromColor, generation: generations.back, sequence: context.journal.durableSequence, topology })
  return route(context, targetColor, topology)
}

/** Every entry point serves the target: the answer carries the new stamp and is healthy, several times in a row (fault 31). */
export async function checkRouted(context: Context): Promise<void> {
  const { topology, generations } = context.journal.operation
  if (generations === null) return
  await sideBySide(context, topology.groups, (together, group) =>
    gate(together, stepNames.routed(group.name), () => passRoutedGate(together, group, generations.target)))
}

/**
 * Waits until every entry point answers with this stamp, whatever the backend says: from then on no new request goes to
 * the other color. @throws routes_unconfirmed
 */
export async function confirmGeneration(context: Context, topology: Topology, generation: string): Promise<void> {
  await sideBySide(context, topology.groups, (together, group) => passGate(together, {
    what: `Generation ${generation.slice(0, 8)} of the routes on entry point ${group.entryPoint}`,
    limit: { name: 'routedHealth', milliseconds: context.settings.limits.routedHealth },
    code: 'routes_unconfirmed',
    firstPause: context.settings.gates.between,
    ask: (signal) => together.ports.probe.routed(group, signal),
    accepts: (answer) => answer.stamp === generation,
  }))
}

function passRoutedGate(context: Context, group: Group, generation: string): Promise<void> {
  return passGate(context, {
    what: `${group.name} through Traefik`,
    limit: { name: 'routedHealth', milliseconds: context.settings.limits.routedHealth },
    code: 'gate_refused',
    firstPause: context.settings.gates.between,
    ask: async (signal) => {
      const answer = await context.ports.probe.routed(group, signal)
      return answer.stamp === generation ? answer : { ...answer, detail: `${answer.detail}, without the new generation's stamp` }
    },
    accepts: (answer) => answer.healthy && answer.stamp === generation,
  })
}
