import { withSignal, type Context } from '../context.ts'
import { UpdaterError } from '../errors.ts'
import { stepNames } from '../plan.ts'
import { managedServices } from '../topology.ts'
import { within } from '../within.ts'
import { wasFoundRunning } from './found-running.ts'
import { homeOf } from './home-of.ts'
import { gate } from './step.ts'

/** Refuses a release that cannot work, and one that could not be undone, before anything is changed. */
export async function preflight(context: Context): Promise<void> {
  const { clock, runtime } = context.ports
  const { operation } = context.journal
  const { target, from, topology } = operation
  const limit = { name: 'engineCall', milliseconds: context.settings.limits.engineCall }
  const needBytes = context.journal.record.lastBuildBytes

  await gate(context, stepNames.preflight, () =>
    within(clock, limit, 'Checking the release', context.signal, async (signal) => {
      const [, gone, conflicts] = await Promise.all([
        runtime.preflight(target, managedServices(topology), needBytes, signal),
        // Reads the running release's compose files too: what cannot be read could not be started again.
        Promise.all(topology.singletons.map((singleton) => runtime.missingImages(homeOf(operation, singleton), [singleton.service], signal))),
        treeConflicts(withSignal(context, signal)),
      ])
      const missing = gone.flat()
      if (missing.length > 0) throw wayBackMissing(missing, from.tag)
      if (conflicts.length > 0) throw treeConflict(conflicts, target.tag)
    }),
  )
}

async function treeConflicts(context: Context): Promise<string[]> {
  const { target } = context.journal.operation
  return (await wasFoundRunning(context)) ? [] : context.ports.source.treeConflicts(target.commit, context.signal)
}

/** Images of the running release are gone: nothing is stopped that could not be started again (fault 28). */
export function wayBackMissing(services: readonly string[], tag: string): UpdaterError {
  return new UpdaterError(
    'image_missing',
    `The images of ${services.join(', ')} of the running release ${tag} are gone, so it could not be started again. Nothing was stopped; build or load them, then unpause.`,
  )
}

function treeConflict(paths: readonly string[], tag: string): UpdaterError {
  return new UpdaterError(
    'tree_conflict',
    `Local changes in the project directory collide with ${tag}: ${paths.join(', ')}. Commit, stash or remove them, then apply again.`,
    { details: { paths } },
  )
}
