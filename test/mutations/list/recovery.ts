import type { Mutation } from '../mutation.ts'

const decide = 'src/rollout/recovery/decide.ts'
const reconcile = 'src/rollout/recovery/reconcile.ts'
const upkeep = 'src/rollout/recovery/upkeep.ts'
const oldColor = 'src/rollout/recovery/old-color.ts'
const repairs = 'src/rollout/recovery/repairs.ts'
const adoption = 'src/rollout/recovery/adoption.ts'
const takeover = 'src/updater/takeover.ts'

/** The recovery table: a row missed, a row taken for another, a row that does too much. */
export const recoveryMutations: readonly Mutation[] = [
  {
    name: 'R2: an engine that does not answer is taken for an empty one', file: 'src/rollout/recovery/observation.ts',
    text: '    return { fault: error instanceof UpdaterError ? error.message : String(error) }', instead: '    return { containers: [] }',
  },
  { name: 'R2: the traffic waits for the engine', file: reconcile, text: '  await trafficFirst(context)\n', instead: '' },
  { name: 'R3: always blue is taken over', file: adoption, text: 'const activeColor = colorToAdopt(world, topology)', instead: "const activeColor = 'blue' as const" },
  {
    name: 'R4: an older copy of the record is believed', file: decide,
    text: 'if (written <= loaded.record.sequence) return null', instead: 'return null',
  },
  {
    name: 'R4: the open operation of a record that is not believed is undone', file: adoption,
    text: '    operation: null,\n    holds: withHold(', instead: '    holds: withHold(',
  },
  {
    name: 'R4: a damaged record is taken for a first start', file: decide,
    text: 'return `The record is damaged: ${loaded.reason}`', instead: 'return null',
  },
  {
    name: 'R4: a record that is gone is taken for a first start', file: decide,
    text: 'return traces || written > 0 ?', instead: 'return false ?',
  },
  {
    name: 'R4: what has no container is waited for', file: adoption,
    text: '  if (!isFirstStart && world.containers.length > 0) return null\n', instead: '',
  },
  {
    name: 'R4: a stack of which nothing is there is taken over', file: adoption,
    text: 'if (!isFirstStart && world.containers.length > 0)', instead: 'if (!isFirstStart)',
  },
  {
    name: 'R3: a stack that Compose is still bringing up is taken over', file: adoption,
    text: 'if (!isFirstStart && world.containers', instead: 'if (world.containers',
  },
  {
    name: 'R4: what has no container gets no image', file: adoption,
    text: 'runtime.adopt(active, containers, absentServices(world, topology, activeColor), signal)', instead: 'runtime.adopt(active, containers, [], signal)',
  },
  {
    name: 'R4: with the routes lost too, a color that is not there is taken over', file: adoption,
    text: ' ?? routed ?? colors.find(isThere) ??', instead: ' ?? routed ??',
  },
  {
    name: 'R4: nobody is told what had to be made again', file: adoption,
    text: "  return `${asSentence(why)} There was", instead: "  if (absent.length > 0) return why\n  return `${asSentence(why)} There was",
  },
  {
    name: 'a record that is not believed does not count as paused before something is taken over', file: takeover,
    text: 'countAsPaused(doubt ?? pauseIn(loaded))', instead: 'countAsPaused(pauseIn(loaded))',
  },
  {
    name: 'a record that the disk does not give does not count as paused', file: takeover,
    text: '    countAsPaused(sentenceOf(error))\n', instead: '',
  },
  {
    name: 'the predecessor\'s pause does not count before it is taken over', file: takeover,
    text: 'countAsPaused(doubt ?? pauseIn(loaded))', instead: 'countAsPaused(doubt)',
  },
  {
    name: 'an updater that only observes is not paused', file: 'src/updater/lookout.ts',
    text: '    if (this.observing !== null) return `The', instead: '    if (false) return `The',
  },
  { name: 'R5: both bots are kept', file: repairs, text: 'const [, ...surplus] = containersOf', instead: 'const [, , ...surplus] = containersOf' },
  {
    name: 'R5: the wrong bot is kept', file: repairs,
    text: '.toSorted((a, b) => rank(b) - rank(a))', instead: '.toSorted((a, b) => rank(a) - rank(b))',
  },
  {
    name: 'R5: an operator\'s compose is not left to finish', file: upkeep,
    text: 'return now - patience.recreatedSince < context.settings.policy.standbyGrace', instead: 'return false',
  },
  {
    name: 'R6 and R7: a rollout that was interrupted is resumed', file: reconcile,
    text: '    case 6:\n    case 7:\n      await undo(context)', instead: "    case 6:\n    case 7:\n      await (await import('../rollout.ts')).rollOut(context)",
  },
  { name: 'R7: a rollout that was interrupted is finished', file: decide, text: "return row(7, `${operation.target.tag} did not", instead: "return row(11, `${operation.target.tag} did not" },
  { name: 'R8: an old color that is stopped is given up at once', file: decide, text: "if (old === 'stopped' || old === 'absent') return row(8,", instead: "if (old === 'stopped' || old === 'absent') return row(9," },
  {
    name: 'R9: with neither color healthy the new one is stopped', file: reconcile,
    text: '      return keepBoth(context, why)', instead: "      await undo(context)\n      return 'again'",
  },
  {
    name: 'R9: with neither color healthy the routes stay', file: oldColor,
    text: '  await holdRollouts(context, why)\n  await routesBack(context)\n', instead: '  await holdRollouts(context, why)\n',
  },
  {
    name: 'R9: nothing holds when neither color is healthy', file: oldColor,
    text: '  await holdRollouts(context, why)\n  await routesBack(context)\n', instead: '  await routesBack(context)\n',
  },
  { name: 'R10: the only healthy color is left for one that is ill', file: decide, text: "if (world.colors[targetColor] === 'healthy') return row(10,", instead: "if (world.colors[targetColor] === 'healthy') return row(7," },
  { name: 'R11: a committed rollout is undone', file: decide, text: 'return row(11, `${operation.target.tag} is committed;', instead: 'return row(7, `${operation.target.tag} is committed;' },
  { name: 'R12: a committed release that is not routed is given up', file: decide, text: 'return row(12, `${operation.target.tag} is committed but', instead: 'return row(7, `${operation.target.tag} is committed but' },
  { name: 'R13: routes that were edited are left', file: decide, text: 'situation.expectedRoutes(record, sequenceOf(routes)) !== routes.text', instead: 'false' },
  { name: 'R14: an operator\'s routes are overwritten', file: decide, text: '? row(14, `Somebody routed', instead: '? row(15, `Somebody routed' },
  { name: 'R15: routes that are missing are left', file: decide, text: '    if (serves === null) return row(15,', instead: '    if (serves === null) return row(0,' },
  { name: 'R15: no copy is kept of the file that is replaced', file: repairs, text: 'const copy = await context.ports.router.keepCopy()', instead: 'const copy = null' },
  { name: 'R16: what fell is left', file: decide, text: '  if (down.length > 0) return row(16,', instead: '  if (down.length > 9) return row(16,' },
  { name: 'R16: the cap of starts is gone', file: upkeep, text: 'mayStart(patience.starts, due, now, restarts, restartWindow)', instead: 'due' },
  {
    name: 'R16: a start that held counts against the next fall', file: reconcile,
    text: '    if (world.engineFault === null) forgetHeld(context, world, topology, patience)\n', instead: '',
  },
  { name: 'R16: a start counts as one that held as soon as it was made', file: 'src/rollout/recovery/patience.ts', text: '>= held) starts', instead: '>= 0) starts' },
  {
    name: 'R16: one that does not stay up uses up the starts of another', file: 'src/rollout/recovery/patience.ts',
    text: "    const times = starts.get(service) ?? []\n    starts.set(service, times)\n", instead: "    const times = starts.get('all') ?? []\n    starts.set('all', times)\n",
  },
  { name: 'R16: an operator who stops something for a moment is raced', file: upkeep, text: 'const ripe = hurry ? down :', instead: 'const ripe = true ? down :' },
  { name: 'R17: a standby gets no grace', file: upkeep, text: '  if (left > 0) return { told: null, againIn: left }\n', instead: '' },
  { name: 'the watch acts in maintenance mode', file: reconcile, text: 'if (maintenance !== null && operation === null && decision.row >= 5) {', instead: 'if (false) {' },
  { name: 'a second bot is removed in maintenance mode', file: reconcile, text: 'if (maintenance !== null && operation === null && decision.row >= 5) {', instead: 'if (maintenance !== null && operation === null && decision.row >= 6) {' },
  { name: 'a tag that is astray is left', file: reconcile, text: ' await pointTagsBack(context, world, topology, patience)', instead: ' patience.tagsLookedAt = null' },
  { name: 'R17: a standby runs for good', file: decide, text: '  if (standby.length > 0) return row(17,', instead: '  if (standby.length > 9) return row(17,' },
  { name: 'R17: a standby that Traefik serves is stopped', file: repairs, text: '  await letGo(context, topology, otherColor(activeColor))\n', instead: '' },
  { name: 'an ill color is not told', file: decide, text: "  if (world.colors[record.activeColor] === 'unhealthy') return row(0,", instead: "  if (world.colors[record.activeColor] === 'absent') return row(0," },
  { name: 'a lost answer makes a color ill', file: 'src/rollout/recovery/observation.ts', text: 'const asked = 3', instead: 'const asked = 1' },
]
