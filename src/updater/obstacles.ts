import { UpdaterError, asSentence } from '../rollout/errors.ts'
import type { UpdaterRecord } from '../rollout/model.ts'
import { pauseReasonOf } from '../rollout/pause.ts'
import type { Status } from './service.ts'

/** Why this is not taken on; null when nothing speaks against it. A hold stops an apply alone, maintenance mode everything. */
export function obstacleTo(kind: keyof typeof inMaintenance, record: UpdaterRecord): UpdaterError | null {
  const reason = pauseReasonOf(record)
  if (reason === null) return null
  if (record.maintenance !== null) {
    const [first, how] = inMaintenance[kind]
    return new UpdaterError('in_maintenance', `${first} ${asSentence(reason)} Leave it with DELETE /maintenance, then ${how} again.`)
  }
  return kind === 'apply' ? new UpdaterError('paused', `Rollouts are paused: ${asSentence(reason)} Unpause with POST /update/unpause.`) : null
}

const inMaintenance = {
  apply: ['Rollouts are paused.', 'apply'],
  rollback: ['A rollback would start what somebody may have stopped on purpose.', 'roll back'],
  reload: ['New routes would be written where somebody works by hand.', 'ask'],
} as const

/**
 * Why nothing else is taken on meanwhile.
 * @param current what is being done; null when it is about to end
 * @param stuck what keeps it from its end, in a sentence; null while it goes on
 */
export function alreadyInProgress(current: string | null, stuck: string | null): UpdaterError {
  const what = `An operation is already in progress: ${current ?? 'the last one is being closed'}.`
  return new UpdaterError('in_progress', stuck === null ? what : `${what} It cannot be ended yet: ${stuck}`)
}

/** Why there is nothing to cancel: what is open has turned round already, or is being finished, or there is nothing. */
export function nothingToCancel({ operation, findings: [why] }: Pick<Status, 'operation' | 'findings'>): UpdaterError {
  if (operation === null) return new UpdaterError('nothing_to_cancel', 'No operation is running.')
  const stuck = why === undefined ? '' : ` It cannot be ended yet: ${why}`
  const { kind, target, phase } = operation
  return phase === 'retiring'
    ? new UpdaterError('past_commit', `The ${kind} of ${target.tag} has passed its commit point and is being finished.${stuck}`)
    : new UpdaterError('nothing_to_cancel', `The ${kind} of ${target.tag} is being undone already.${stuck}`)
}
