import { withSignal, type Context } from '../context.ts'
import { UpdaterError } from '../errors.ts'
import { stepNames } from '../plan.ts'
import { managedServices, singletonServices } from '../topology.ts'
import { within } from '../within.ts'
import { wasFoundRunning } from './found-running.ts'
import { gate } from './step.ts'

/** Refuses a release that cannot work, and one that could not be undone, before anything is changed. */
export async function preflight(context: Context): Promise<void> {
  const { clock, runtime } = context.ports
  const { target, from, topology } = context.journal.operation
  const limit = { name: 'engineCall', milliseconds: context.settings.limits.engineCall }
  const needBytes = context.journal.record.lastBuildBytes

  await gate(context, stepNames.preflight, () =>
    within(clock, limit, 'Checking the release', context.signal, async (signal) => {
      const [, missing, conflicts] = await Promise.all([
        runtime.preflight(target, managedServices(topology), needBytes, signal),
        // Reads the running release's compose files too: what cannot be read could not be started again.
        runtime.missingImages(from, singletonServices(topology), signal),
        treeConflicts(withSignal(context, signal)),
      ])
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
