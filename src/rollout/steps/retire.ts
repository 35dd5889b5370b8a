import type { Context } from '../context.ts'
import { look, stopContainer, isRunning } from '../engine.ts'
import { isLost, isStorage, sentenceOf } from '../errors.ts'
import { stepNames } from '../plan.ts'
import { sideBySide } from '../side-by-side.ts'
import { servicesOf } from '../topology.ts'
import { within } from '../within.ts'
import { wasFoundRunning } from './found-running.ts'
import { refuseRouted } from './let-go.ts'
import { warn } from './preview.ts'
import { effect, gate } from './step.ts'

/** Lets requests in flight on the old color end. Starts anew after a crash (fault 7). */
export async function drain(context: Context): Promise<void> {
  if (context.journal.operation.topology.groups.length === 0) return
  await gate(context, stepNames.drain, () => context.ports.clock.sleep(context.settings.limits.drain, context.signal))
}

/** Stops the color that is no longer routed. Its containers stay, stopped. @throws exit_unseen, engine_unreachable */
export async function stopOldColor(context: Context): Promise<void> {
  const { fromColor, topology } = context.journal.operation
  const services = servicesOf(topology, fromColor)
  if (services.length === 0) return
  try {
    await effect(context, [stepNames.stopOld], async () => {
      const old = await look({ ...context, signal: context.effects }, services)
      if (old.some(isRunning)) await refuseRouted(context, topology, fromColor)
      await sideBySide(context, old.filter(isRunning), stopContainer)
    })
  } catch (error) {
    if (!context.signal.aborted && !isLost(error)) await warn(context, `The old color ${fromColor} could not be stopped at once; it is tried again until it is.`)
    throw error
  }
}

/** Brings the operator's tree to what runs. A collision that came up since preflight is a warning: the release serves well. */
export async function updateTree(context: Context): Promise<void> {
  const { source, clock } = context.ports
  const { target } = context.journal.operation
  const limit = { name: 'git', milliseconds: context.settings.limits.git }
  try {
    const tree = await within(clock, limit, 'Looking at the project directory', context.signal, (signal) => source.describeTree(signal))
    if (tree.kind === 'foreign' || (await wasFoundRunning(context))) return
    await effect(context, [stepNames.updateTree], () =>
      within(clock, limit, 'Bringing the project directory to the release', context.effects, (signal) => source.bringTree(target.commit, signal)),
    )
  } catch (error) {
    // A record that cannot be written says nothing about the tree: it is brought with the next try.
    if (context.signal.aborted || isLost(error) || isStorage(error)) throw error
    await warn(context, `The project directory was not brought to ${target.tag}: ${sentenceOf(error)}`)
  }
}
