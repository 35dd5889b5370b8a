import type { Mutation } from '../mutation.ts'

const consequences = 'src/rollout/consequences.ts'
const holds = 'src/updater/holds.ts'
const updater = 'src/updater/updater.ts'
const flights = 'src/updater/flights.ts'

/** Holds, quarantine, counts, and what callers may ask for. */
export const holdMutations: readonly Mutation[] = [
  {
    name: 'a restart clears the holds', file: 'src/rollout/recovery/adoption.ts',
    text: 'const next = { ...record, epoch: record.epoch + 1 }', instead: 'const next: UpdaterRecord = { ...record, holds: [], epoch: record.epoch + 1 }',
  },
  {
    name: 'a new daemon does not raise the epoch', file: 'src/rollout/recovery/adoption.ts',
    text: 'const next = { ...record, epoch: record.epoch + 1 }', instead: 'const next = { ...record }',
  },
  { name: 'a pause is only kept in memory', file: holds, text: '    await journal.commit(change)', instead: '    await journal.remember(change)' },
  { name: 'a pause that cannot be written is accepted', file: holds, text: '    await journal.commit(change)', instead: '    await journal.note(change)' },
  {
    name: 'a pause when idle is forgotten', file: holds,
    text: '({ ...request(record), holds: withHold(record.holds, hold) })', instead: '({ ...request(record) })',
  },
  {
    name: 'an unpause clears a pause that came later', file: holds,
    text: 'holds: later(record)', instead: 'holds: []',
  },
  { name: 'an unpause clears the same pause that came later', file: 'src/updater/operators.ts', text: 'since.add(hold)', instead: 'void since' },
  { name: 'a pause that comes again and again grows the record without a bound', file: consequences, text: '.length >= mostOfOneOrigin', instead: '.length < 0' },
  {
    name: 'polling takes on a quarantined commit whose tag was moved meanwhile', file: 'src/updater/targets.ts',
    text: "origin === 'polling' && record.quarantine", instead: "origin === 'operator' && record.quarantine",
  },
  { name: 'what a build says decides how large the record is', file: 'src/rollout/errors.ts', text: 'text.length > longest ?', instead: 'text.length > Infinity ?' },
  { name: 'an unpause does not reset the count of failures', file: holds, text: 'failuresInARow: 0, ', instead: '' },
  { name: 'an unpause lets failed releases out of quarantine', file: holds, text: 'failuresInARow: 0, resumedAt', instead: 'failuresInARow: 0, quarantine: [], resumedAt' },
  { name: 'an unpause is accepted while the stack is not as the record says', file: 'src/updater/operators.ts', text: "      if (!settled) throw new UpdaterError('inconsistent',", instead: "      if (settled === null) throw new UpdaterError('inconsistent'," },
  { name: 'an operation that turned round loses the holds', file: consequences, text: '    holds: withRequestedPause(holds, operation, at),', instead: '    holds: [],' },
  { name: 'a failure that touched traffic does not hold', file: consequences, text: "operation.phase !== 'preparing' || failuresInARow", instead: 'failuresInARow' },
  { name: 'failures in a row never hold', file: consequences, text: ' || failuresInARow >= policy.surroundingsBeforePause', instead: '' },
  { name: 'an interruption is not counted', file: consequences, text: " || failure.cause === 'interruption'\n", instead: '\n' },
  { name: 'a clean stop counts as an interruption', file: 'src/rollout/errors.ts', text: "  shutting_down: 'operator',", instead: "  shutting_down: 'interruption'," },
  { name: 'a failed release is not quarantined', file: consequences, text: "quarantine: failure.cause === 'release'", instead: "quarantine: failure.cause === 'integrity'" },
  { name: 'the surroundings\' failures quarantine the release', file: consequences, text: "quarantine: failure.cause === 'release'", instead: "quarantine: failure.cause !== 'request'" },
  { name: 'the release that an operator left is not quarantined', file: 'src/rollout/results.ts', text: "quarantine: operation.kind === 'rollback'", instead: "quarantine: operation.kind === null" },
  { name: 'a good release does not end the count of failures', file: 'src/rollout/results.ts', text: '    failuresInARow: 0,\n', instead: '' },
  { name: 'polling starts a quarantined commit', file: 'src/rollout/release-policy.ts', text: "return held === undefined ? { kind", instead: 'return true ? { kind' },
  { name: 'polling does not wait for approval', file: 'src/polling/take-on.ts', text: '  if (requireApproval) return', instead: '  if (requireApproval === null) return' },
  {
    name: 'an apply is taken on while paused', file: updater,
    text: "    const obstacle = obstacleTo('apply', journal.record)\n    if (obstacle !== null) throw obstacle\n", instead: '',
  },
  {
    name: 'an apply goes on although a pause came meanwhile', file: 'src/updater/operation.ts',
    text: '    if (obstacle !== null) throw obstacle\n    const knownTags', instead: '    const knownTags',
  },
  { name: 'two operations at once are taken on', file: flights, text: '    if (this.isBusy) throw this.inProgress()\n    const flight', instead: '    const flight' },
  { name: 'a cancel is accepted while the commit is written', file: 'src/updater/flight.ts', text: '    if (this.#committing) return false\n', instead: '' },
  { name: 'a cancel is told and ignored', file: 'src/updater/flight.ts', text: '    this.#abort.abort(reason)\n', instead: '' },
  { name: 'a pause in a rollout lets it go on', file: flights, text: '    flight.cancel(reason)\n', instead: '' },
  { name: 'a tag that moved is taken on', file: 'src/updater/targets.ts', text: 'if (known !== undefined && known !== found.commit) {', instead: 'if (false) {' },
  { name: 'the running release\'s tag may move', file: 'src/updater/moved-tag.ts', text: 'seen.commit === known) return null', instead: 'seen.commit !== null) return null' },
  { name: 'an answer is given before the outcome is certain', file: 'src/updater/operation.ts', text: "  await open(attempt, target)\n  try {", instead: "  await open(attempt, target)\n  answerWithLast(attempt)\n  try {" },
]
