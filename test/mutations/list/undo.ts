import type { Mutation } from '../mutation.ts'

const undo = 'src/rollout/undo.ts'
const routes = 'src/rollout/steps/switch-routes.ts'
const singleton = 'src/rollout/steps/singleton.ts'

/** The way back, the routes, and what is put in the old place. */
export const undoMutations: readonly Mutation[] = [
  {
    name: 'the way back is prepared after the switch', file: routes,
    text: `    await router.stage({ active: fromColor, generation: generations.back, sequence, topology })
    await router.stage({ active: targetColor, generation: generations.target, sequence, topology })
    context.ports.authority.check()
    await router.activate(generations.target)`,
    instead: `    await router.stage({ active: targetColor, generation: generations.target, sequence, topology })
    context.ports.authority.check()
    await router.activate(generations.target)
    await router.stage({ active: fromColor, generation: generations.back, sequence, topology })`,
  },
  {
    name: 'the new routes are put in force before they are prepared', file: routes,
    text: `    await router.stage({ active: targetColor, generation: generations.target, sequence, topology })
    context.ports.authority.check()
    await router.activate(generations.target)`,
    instead: `    context.ports.authority.check()
    await router.activate(generations.target)
    await router.stage({ active: targetColor, generation: generations.target, sequence, topology })`,
  },
  {
    name: 'the way back needs a write of the record', file: routes,
    text: '    await router.activate(generations.back)\n  } catch (error) {',
    instead: '    await context.journal.commit((record) => record)\n    await router.activate(generations.back)\n  } catch (error) {',
  },
  {
    name: 'a way back that is not there is not written again', file: routes,
    text: "    await router.stage({ active: fromColor, generation: generations.back, sequence: context.journal.durableSequence, topology })\n    await router.activate(generations.back)\n",
    instead: '    throw error\n',
  },
  {
    name: 'routes that were edited since are taken for the way back', file: routes,
    text: "  return live.kind === 'routes' && live.active === fromColor ? generations.back : writeBack(context)", instead: '  return generations.back',
  },
  {
    name: 'routes are written under a generation that is not in the record', file: routes,
    text: '  await context.journal.commit((record) => ({ ...record, generation }))', instead: '  await context.journal.remember((record) => ({ ...record, generation }))',
  },
  {
    name: 'a new way back is not in the record before it is in force', file: routes,
    text: 'await context.journal.commit(changeOperation((operation) => ({ ...operation, generations:', instead: 'await context.journal.remember(changeOperation((operation) => ({ ...operation, generations:',
  },
  { name: 'the traffic is not brought back first', file: undo, text: '  const back = await routesBack(context)\n', instead: '  const back = context.journal.record.generation\n' },
  { name: 'the undo does not wait for an undetermined commit', file: undo, text: '  await context.journal.settle()\n', instead: '' },
  {
    name: 'the old bot is not brought back', file: undo,
    text: "(operation.phase === 'swapping' ? restoreSingletons(context) : null)", instead: 'null',
  },
  {
    name: 'the standby is taken away although Traefik was not seen to follow', file: undo,
    text: '  if (traffic.unconfirmed !== null) throw traffic.unconfirmed\n', instead: '',
  },
  {
    name: 'the new color is not drained in an undo', file: undo,
    text: '  if (!moved || unconfirmed !== null) return work()\n', instead: '  if (moved) return work()\n',
  },
  { name: 'the undo goes on before the drain is over', file: undo, text: '    const ended = await drained\n    if (ended !== null) throw ended.error\n', instead: '' },
  { name: 'the standby of a failed release is left', file: undo, text: '  await removeStandby(context)\n', instead: '' },
  {
    name: 'the standby\'s tags stay at the failed release', file: 'src/rollout/steps/standby.ts',
    text: "  await act(context, 'Tagging images', (signal) => context.ports.runtime.tag(from, tagged, signal))", instead: '  tagged.slice()',
  },
  {
    name: 'the tag of the bot is of another release than its compose file', file: singleton,
    text: "runtime.tag(release, [singleton.service], signal))\n  await composeUp(", instead: "runtime.tag(context.journal.operation.target, [singleton.service], signal))\n  await composeUp(",
  },
  {
    name: 'an old bot that was stopped is not started again', file: singleton,
    text: "      if (!isRunning(old)) await act(context, `Starting ${singleton.service}`, (signal) => context.ports.runtime.start(old.id, signal))\n", instead: '',
  },
  {
    name: 'an undo that failed in a step is not told as a failure of it', file: undo,
    text: 'const failure = operation.failure ?? interruption(operation.step)', instead: 'const failure = interruption(operation.step)',
  },
  {
    name: 'a failed undo is taken for closed', file: 'src/updater/operation.ts',
    text: '  if (journal.record.operation !== null) await holdUnverified(attempt, why)\n', instead: '',
  },
  {
    name: 'an operation that is undone is not closed in the record', file: 'src/rollout/closing.ts',
    text: '  await context.journal.commit(change)\n', instead: '  await context.journal.remember(change)\n',
  },
  {
    name: 'what runs cannot be gone back to', file: 'src/rollout/results.ts',
    text: 'const earlier = [from, ...record.previous]', instead: 'const earlier = [...record.previous]',
  },
]
