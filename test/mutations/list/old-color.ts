import type { Mutation } from '../mutation.ts'

const oldColor = 'src/rollout/recovery/old-color.ts'
const repairs = 'src/rollout/recovery/repairs.ts'
const retiring = 'src/rollout/recovery/retiring.ts'
const singleton = 'src/rollout/steps/singleton.ts'
const unwell = 'src/rollout/recovery/unwell.ts'

/** An old color that is not healthy before the commit point, what is kept in its stead, and what is told of a bot that is not well. */
export const oldColorMutations: readonly Mutation[] = [
  {
    name: 'R10: the new color is kept without waiting for the old one', file: oldColor,
    text: "  if (!(await isStillUnhealthy(context))) return 'again'\n", instead: '',
  },
  {
    name: 'R10: nobody is led to the new color before it is decided', file: oldColor,
    text: '  await serveByNewColor(context)\n  await bringBackWhatIsDown(context)\n', instead: '  await bringBackWhatIsDown(context)\n',
  },
  {
    name: 'R10: a dead bot is left as it is until it is decided', file: oldColor,
    text: '  await serveByNewColor(context)\n  await bringBackWhatIsDown(context)\n', instead: '  await serveByNewColor(context)\n',
  },
  {
    name: 'R10: a bot that was found not to work counts as one that runs', file: singleton,
    text: "return context.journal.operation.failure?.code === 'singleton_failed' || someDoesNotRun(context)", instead: 'return someDoesNotRun(context)',
  },
  {
    name: 'R10: which bot runs beside the kept color is not told', file: singleton,
    text: 'return unwell === null ? beside : [...beside, unwell]', instead: 'return []',
  },
  {
    name: 'R10: the new bot is kept whether or not it works', file: singleton,
    text: 'if (!(await someIsDown(context)) && (await targetsWork(context))) return []', instead: 'if (true) return []',
  },
  {
    name: 'R10: at its limit the old color is given up without another look', file: oldColor,
    text: "    if (engineFault !== null || colors[fromColor] !== 'unhealthy' || colors[targetColor] !== before) return false\n    if (isOver) return true\n",
    instead: "    if (isOver) return true\n    if (engineFault !== null || colors[fromColor] !== 'unhealthy' || colors[targetColor] !== before) return false\n",
  },
  {
    name: 'R8: users wait until the old color is up', file: oldColor,
    text: '  if (isNewHealthy) await serveByNewColor(context)\n', instead: '',
  },
  {
    name: 'R8: an old color that cannot be started is tried for good', file: oldColor,
    text: '  if (!mayTry(patience.oldColorStarts,', instead: '  if (false && !mayTry(patience.oldColorStarts,',
  },
  {
    name: 'R9: with neither color healthy a bot that is gone stays away', file: oldColor,
    text: '  await holdRollouts(context, why)\n  await routesBack(context)\n  await bringBackWhatIsDown(context, someDoesNotRun)\n', instead: '  await holdRollouts(context, why)\n  await routesBack(context)\n',
  },
  {
    name: 'R7: the undo does not look at the old color again before the new one goes', file: 'src/rollout/undo.ts',
    text: '  if (!(await serves(context))) return\n', instead: '',
  },
  {
    name: 'what a bot beside a kept color runs is forgotten by the next operation', file: 'src/updater/operation.ts',
    text: 'return release ? { ...before, release } : before', instead: 'return before',
  },
  { name: 'R11: the old color retires before what is committed is up again', file: retiring, text: 'Math.max(await startWhatServes(context, world, topology, patience), ', instead: 'Math.max(0, ' },
  { name: 'R11: an old color that cannot be stopped keeps the operation open', file: retiring, text: 'const triesToRetire = 3', instead: 'const triesToRetire = Infinity' },
  {
    name: 'R16: one service that cannot be created keeps the others down', file: repairs,
    text: 'if (missing.length < 2 || !(isRefusal(error) || isOfCompose(error))) throw error', instead: 'throw error',
  },
  {
    name: 'R16: one service that cannot be started keeps the others down', file: repairs,
    text: '      if (!isRefusal(error)) throw error\n      refusals.push(error)\n', instead: '      throw error\n',
  },
  { name: 'a bot that keeps dying is not told', file: unwell, text: "if (state === 'restarting' || !isSteady) return unsteady", instead: "if (state === 'restarting') return unsteady" },
  { name: 'a bot whose health check fails is not told', file: unwell, text: "  if (isSingleton && health === 'unhealthy') return unhealthy\n", instead: '' },
  { name: 'a bot that is well again is told as if it were not', file: unwell, text: 'now - since >= held)', instead: 'false)' },
  { name: 'a bot that died once is told as one that does not stay up', file: unwell, text: '? 0 : Math.max(limit, 2 * held)', instead: '? 0 : 0' },
]
