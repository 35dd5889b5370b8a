import type { Reach } from '../rollout/context.ts'
import { look } from '../rollout/engine.ts'
import { sentenceOf } from '../rollout/errors.ts'
import { managedServices } from '../rollout/topology.ts'
import { within } from '../rollout/within.ts'
import type { Diagnostics } from './service.ts'

/** A look at tree and containers for `GET /diagnostics`; what cannot be read is told in its place. */
export async function diagnose(reach: Reach): Promise<Diagnostics> {
  const { clock, source } = reach.ports
  const limit = { name: 'git', milliseconds: reach.settings.limits.git }
  const [tree, containers] = await Promise.all([
    within(clock, limit, 'Looking at the project directory', reach.signal, (signal) => source.describeTree(signal))
      .catch((error: unknown) => ({ kind: 'unknown', reason: sentenceOf(error) }) as const),
    look(reach, managedServices(reach.settings.topology)).catch((error: unknown) => ({ error: sentenceOf(error) })),
  ])
  return { tree, containers }
}
