import type { Context } from '../context.ts'
import { writeHistory } from '../history.ts'
import { stepNames } from '../plan.ts'
import { committed } from '../results.ts'

/**
 * The commit point: one durable write. Before it everything is undone, after it everything is finished.
 * @throws storage_failed: then it is undetermined, and nothing may be stopped until a later write succeeds
 */
export async function commit(context: Context): Promise<void> {
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
