import type { Context } from '../context.ts'
import { isOfRelease, look } from '../engine.ts'
import { UpdaterError } from '../errors.ts'
import { writeHistory } from '../history.ts'
import { stepNames } from '../plan.ts'
import { committed } from '../results.ts'
import { servicesOf, singletonServices } from '../topology.ts'

/**
 * The commit point: one durable write. Before it everything is undone, after it everything is finished.
 * @throws storage_failed: then it is undetermined, and nothing may be stopped until a later write succeeds
 */
export async function commit(context: Context): Promise<void> {
  await refuseReplaced(context)
  context.signal.throwIfAborted()
  context.ports.authority.check()
  const { clock } = context.ports
  const begun = clock.monotonic()
  const at = new Date(clock.now()).toISOString()
  context.tell({ kind: 'step_started', step: stepNames.commit, message: stepNames.commit, durationMs: null })
  await context.journal.commit((record) => (record.operation === null ? record : committed(record, record.operation, context.settings.policy, at)))
  context.tell({ kind: 'step_completed', step: stepNames.commit, message: stepNames.commit, durationMs: clock.monotonic() - begun })
  context.tell({ kind: 'phase', step: null, message: 'retiring', durationMs: null })
  await writeHistory(context, context.journal.operation)
}

/** Somebody's `docker compose up` may have put another image in the place of what the gates have seen (I8). @throws engine_failed */
async function refuseReplaced(context: Context): Promise<void> {
  const { target, targetColor, topology } = context.journal.operation
  const services = [...servicesOf(topology, targetColor), ...singletonServices(topology)]
  const strangers = (await look(context, services)).filter((container) => !isOfRelease(container, target)).map(({ service }) => service)
  if (strangers.length === 0) return
  throw new UpdaterError('engine_failed', `${strangers.join(', ')} was replaced by somebody while ${target.tag} was rolled out and runs another image now. Leave the containers alone, then apply again.`)
}
