import type { Context } from '../context.ts'
import { stepNames } from '../plan.ts'
import { servicesOf, singletonServices } from '../topology.ts'
import { wasFoundRunning } from './found-running.ts'
import { effect } from './step.ts'

/** Builds the target color's and the singletons' images side by side. Undo: the images of a failed release go at once. */
export async function build(context: Context): Promise<void> {
  const { target, targetColor, topology } = context.journal.operation
  const services = [...servicesOf(topology, targetColor), ...singletonServices(topology)]
  await effect(context, [stepNames.build], async () => {
    if (await wasFoundRunning(context)) return
    const report = await context.ports.runtime.build(
      target, services,
      ({ service, line }) => context.tell({ kind: 'progress', step: stepNames.build, message: `${service}: ${line}`, durationMs: null }),
      context.signal,
    )
    if (report.bytes > 0) await context.journal.commit((record) => ({ ...record, lastBuildBytes: report.bytes }))
  })
}
