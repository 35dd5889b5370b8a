import type { Mutation } from '../mutation.ts'

const room = 'src/rollout/recovery/room.ts'

/** What is removed, when, and who comes first (I9). */
export const roomMutations: readonly Mutation[] = [
  { name: 'room is never made', file: room, text: 'const failures = await removeLeftovers(context)', instead: 'const failures: string[] = []' },
  {
    name: 'room that could not be made is not tried again', file: room,
    text: "failedOnceMore(patience.room, failures.join(' '), now, firstPause, longestPause)", instead: '{ ...noTries, notBefore: Infinity }',
  },
  { name: 'what a daemon that died has left is not removed', file: 'src/rollout/recovery/patience.ts', text: 'room: noTries, roomMade', instead: 'room: { ...noTries, notBefore: Infinity }, roomMade' },
  { name: 'what is left lies there and nobody is told', file: room, text: 'if (room.why === null) return []', instead: 'if (Number(room.failed) >= 0) return []' },
  { name: 'room is made while recovery asks somebody to look', file: room, text: ' && !isHeldByRecovery(record)', instead: '' },
  {
    name: 'the release before is not kept', file: room,
    text: '[active, lastGood, ...previous].flatMap', instead: '[active, lastGood].flatMap',
  },
  { name: 'room is made without the lock', file: room, text: '  context.ports.authority.check()\n', instead: '' },
  { name: 'what runs is removed where the record does not know it', file: room, text: '    ...running.flatMap(({ commit }) => commit ?? []),\n', instead: '' },
  { name: 'an idle stack has the build cache cut all the time', file: room, text: '2 ** patience.roomMade', instead: '1' },
  { name: 'everybody waits while room is made', file: 'src/updater/hand.ts', text: "    this.#spare?.abort('something else is to be done')\n", instead: '' },
  { name: 'what had to give way counts as a failure', file: room, text: '  if (context.signal.aborted) return\n', instead: '' },
]
