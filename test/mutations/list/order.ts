import type { Mutation } from '../mutation.ts'

const step = 'src/rollout/steps/step.ts'
const rollout = 'src/rollout/rollout.ts'
const singleton = 'src/rollout/steps/singleton.ts'

/** The order of a rollout, its gates, and what it writes down before it acts. */
export const orderMutations: readonly Mutation[] = [
  {
    name: 'the commit point is not written, only kept in memory', file: 'src/rollout/steps/commit.ts',
    text: 'await context.journal.commit((record)', instead: 'await context.journal.remember((record)',
  },
  {
    name: 'the intent of a step is not written before its effect', file: step,
    text: "await context.journal.commit(changeOperation((operation) => ({ ...operation, step: names.join(', ') })))",
    instead: "await context.journal.remember(changeOperation((operation) => ({ ...operation, step: names.join(', ') })))",
  },
  {
    name: 'the outcome of a step is not written', file: step,
    text: 'await context.journal.commit(completed(names))', instead: 'await context.journal.remember((record) => record)',
  },
  {
    name: 'the old color retires before the commit', file: rollout,
    text: '  await commit(context)\n}', instead: '  await drain(context)\n  await stopOldColor(context)\n  await commit(context)\n}',
  },
  {
    name: 'the bot is replaced before the traffic is switched', file: rollout,
    text: `  await switchRoutes(context)
  await checkRouted(context)

  await enterPhase(context, 'swapping')
  await replaceSingletons(context)
`,
    instead: `  await enterPhase(context, 'swapping')
  await replaceSingletons(context)

  await switchRoutes(context)
  await checkRouted(context)
`,
  },
  {
    name: 'the old color is stopped before its drain', file: rollout,
    text: '  await drain(context)\n  await stopOldColor(context)\n', instead: '  await stopOldColor(context)\n  await drain(context)\n',
  },
  { name: 'the old color is not drained', file: rollout, text: '  await drain(context)\n', instead: '' },
  {
    name: 'the old color is retired before Traefik is seen to have left it', file: rollout,
    text: '  if (generation !== null) await confirmGeneration(context, context.journal.operation.topology, generation)\n', instead: '',
  },
  {
    name: 'a standby that is in use is replaced at once', file: rollout,
    text: '  await letGo(context, topology, targetColor)\n', instead: '',
  },
  {
    name: 'the time before the switch has no limit', file: rollout,
    text: "await withBudget(context.ports.clock, budget, 'Everything before the switch', context.signal, (signal) => prepare(withSignal(context, signal)))",
    instead: 'await prepare(context)',
  },
  { name: 'the preview through Traefik is skipped', file: rollout, text: '  await checkPreviews(context)\n', instead: '' },
  { name: 'the standby is not asked directly', file: rollout, text: '  await checkDirectly(context)\n', instead: '' },
  { name: 'the routed gate is skipped', file: rollout, text: '  await checkRouted(context)\n', instead: '' },
  { name: 'the release is not checked before it is built', file: rollout, text: '  await preflight(context)\n', instead: '' },
  {
    name: 'the health of the new bot is not waited for', file: singleton,
    text: '    await gate(context, stepNames.singletonHealth(singleton.name), () => awaitSingleton(context, singleton))\n', instead: '',
  },
  { name: 'one good answer is enough for a gate', file: 'src/rollout/gates.ts', text: 'while (accepted < inARow)', instead: 'while (accepted < 1)' },
  { name: 'good answers need not come in a row', file: 'src/rollout/gates.ts', text: '        accepted = 0\n', instead: '' },
  {
    name: 'the routed gate believes any healthy answer, also of the old color', file: 'src/rollout/steps/switch-routes.ts',
    text: 'accepts: (answer) => answer.healthy && answer.stamp === generation', instead: 'accepts: (answer) => answer.healthy',
  },
  {
    name: 'Traefik is believed to follow without its stamp', file: 'src/rollout/steps/switch-routes.ts',
    text: 'accepts: (answer) => answer.stamp === generation,', instead: 'accepts: (answer) => answer.healthy,',
  },
  {
    name: 'the new bot is created before the old one is removed', file: singleton,
    text: `  await removeAll(context, singleton, found)
  await act(context, 'Tagging images', (signal) => runtime.tag(release, [singleton.service], signal))
  await composeUp(context, release, [singleton.service])`,
    instead: `  await act(context, 'Tagging images', (signal) => runtime.tag(release, [singleton.service], signal))
  await composeUp(context, release, [singleton.service])
  await removeAll(context, singleton, found)`,
  },
  {
    name: 'the bot\'s tag is moved before the old bot is removed', file: singleton,
    text: `  await removeAll(context, singleton, found)
  await act(context, 'Tagging images', (signal) => runtime.tag(release, [singleton.service], signal))`,
    instead: `  await act(context, 'Tagging images', (signal) => runtime.tag(release, [singleton.service], signal))
  await removeAll(context, singleton, found)`,
  },
  {
    name: 'the old bot is stopped and not removed', file: singleton,
    text: '  await removeAll(context, singleton, found)\n  await act', instead: '  await sideBySide(context, found, stopContainer)\n  await act',
  },
  {
    name: 'the old bot is removed before its exit was seen', file: singleton,
    text: '  await sideBySide(context, containers, stopContainer)\n  const ids', instead: '  const ids',
  },
  {
    name: 'a bot is stopped although the next one\'s image is gone', file: singleton,
    text: '  if (missing.length > 0) throw way ===', instead: '  if (missing.length > 9) throw way ===',
  },
  {
    name: 'a bot is stopped although its own image is gone', file: singleton,
    text: "  if (way === 'forth') await assureWayBack(context, singleton, found)\n", instead: '',
  },
  {
    name: 'a release is begun although the way back is gone', file: 'src/rollout/steps/preflight.ts',
    text: '      if (missing.length > 0) throw wayBackMissing(missing, from.tag)\n', instead: '',
  },
  {
    name: 'local changes that collide are found too late', file: 'src/rollout/steps/preflight.ts',
    text: '      if (conflicts.length > 0) throw treeConflict(conflicts, target.tag)\n', instead: '',
  },
  {
    name: 'a color that was routed by hand meanwhile is stopped', file: 'src/rollout/steps/retire.ts',
    text: '      if (old.some(isRunning)) await refuseRouted(context, topology, fromColor)\n', instead: '',
  },
  {
    name: 'a failed history fails the rollout', file: 'src/rollout/history.ts',
    text: "    context.ports.log.error('The history could not be written; the outcome is in the record.', { error: sentenceOf(error) })",
    instead: '    throw error',
  },
]
