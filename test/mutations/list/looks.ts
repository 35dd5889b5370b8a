import type { Mutation } from '../mutation.ts'

const lookout = 'src/updater/lookout.ts'
const retiring = 'src/rollout/recovery/retiring.ts'
const upkeep = 'src/rollout/recovery/upkeep.ts'

/** When the watch looks again after what came to nothing, and what must not be hurried by it. */
export const lookMutations: readonly Mutation[] = [
  {
    name: 'what a rollout left open waits for the next look', file: 'src/updater/flights.ts',
    text: '      this.#parts.ended()\n', instead: '      if (!this.isBusy) this.#parts.ended()\n',
  },
  { name: 'R2: an engine that is away is asked only when a look is due', file: lookout, text: 'if (row === 2) return this.#soon()', instead: 'if (row === 2) return null' },
  { name: 'R2: without a record an engine that is away is asked only when a look is due', file: lookout, text: 'return this.#newer === null ? this.#soon() : null', instead: 'return null' },
  { name: 'a look that failed is repeated only when one is due', file: lookout, text: 'if (!isLost(error)) return this.#soon()', instead: 'if (!isLost(error)) return null' },
  { name: 'R2: an engine that is away is asked every second', file: lookout, text: 'const longestPause = 60_000', instead: 'const longestPause = 1_000' },
  { name: 'R2: the pauses of one fault are those of the next', file: lookout, text: '      this.patience.looks = noTries\n', instead: '' },
  {
    name: 'R8: the starts of an old color are used up at once', file: 'src/rollout/recovery/old-color.ts',
    text: '  if (pause > 0 && !hurry) return', instead: '  if (false) return',
  },
  {
    name: 'R8: an engine that was away uses up a pause', file: 'src/rollout/recovery/old-color.ts',
    text: '    if (!isUnreachable(error)) patience.oldColor =', instead: '    patience.oldColor =',
  },
  {
    name: 'R11: what fell waits for the next try to stop the old color', file: retiring,
    text: "Math.max(await startWhatServes(context, world, topology, patience), patience.retiring.notBefore - clock.monotonic())\n",
    instead: "patience.retiring.notBefore - clock.monotonic()\n    if (pause <= 0) await startWhatServes(context, world, topology, patience)\n",
  },
  {
    name: 'R11: the old color is stopped while what serves has fallen once more', file: retiring,
    text: 'return Math.max(0, ...down.map((one) => one.due))', instead: 'return 0',
  },
  { name: 'R16: why something cannot be started is told only right after a try', file: upkeep, text: '    patience.notStarted = sentenceOf(error)\n', instead: '' },
]
