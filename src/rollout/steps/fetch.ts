import { withSignal, type Context } from '../context.ts'
import { UpdaterError } from '../errors.ts'
import { stepNames } from '../plan.ts'
import { servicesOf, singletonServices } from '../topology.ts'
import { within } from '../within.ts'
import { wasFoundRunning } from './found-running.ts'
import { effect } from './step.ts'

/** Brings the target's commit into the mirror and remembers which commit the tag names. Undo: nothing, a mirror may hold more. */
export async function fetchRelease(context: Context): Promise<void> {
  const { source, clock } = context.ports
  const { kind, target } = context.journal.operation
  const limit = { name: 'git', milliseconds: context.settings.limits.git }
  await effect(context, [stepNames.fetch], () =>
    within(clock, limit, 'Fetching from the git remote', context.signal, async (signal) => {
      if (kind === 'apply') await source.fetch(target.tag, target.commit, signal)
      else if (await wasFoundRunning(withSignal(context, signal))) await checkKept(context, signal)
    }),
  )
}

/** Lays the commit out in `releases/<commit>/`. Undo: none; what no release needs is pruned at the end. */
export async function checkOut(context: Context): Promise<void> {
  const { source, clock } = context.ports
  const { target } = context.journal.operation
  const limit = { name: 'git', milliseconds: context.settings.limits.git }
  await effect(context, [stepNames.checkout], () =>
    within(clock, limit, 'Checking out the release', context.signal, async (signal) => {
      if (await wasFoundRunning(withSignal(context, signal))) return
      await source.checkout(target.commit, signal)
    }),
  )
}

async function checkKept(context: Context, signal: AbortSignal): Promise<void> {
  const { target, targetColor, topology } = context.journal.operation
  const services = [...servicesOf(topology, targetColor), ...singletonServices(topology)]
  const missing = await context.ports.runtime.missingImages(target, services, signal)
  if (missing.length === 0) return
  throw new UpdaterError('unknown_commit', `Commit ${target.commit} is not in the mirror, and its images of ${missing.join(', ')} are gone.`)
}
