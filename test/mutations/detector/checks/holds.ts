import { UpdaterError } from '../../../../src/rollout/errors.ts'
import { planOf } from '../../../../src/rollout/plan.ts'
import { usual } from '../../../simulation/world/topologies.ts'
import type { World } from '../../../simulation/world/world.ts'
import { must, type Check } from '../check.ts'
import { apply, applyUpTo, ask, codeOf, endsWith, ready, rollback, toItsEnd, upgraded } from '../operations.ts'

const plan = planOf(usual, 'green')
const before = plan.slice(0, plan.indexOf('commit'))
const after = plan.slice(plan.indexOf('commit') + 1)
const fair = 'the fair is on'

/** Pause, unpause, cancel, and what of them survives. */
export const holds: readonly Check[] = [
  { name: 'a pause when idle, then a kill', run: pausedThenKilled },
  ...before.map((step) => ({ name: `a pause in ${step}`, run: () => pausedIn(step, 'v1.0.0') })),
  ...after.map((step) => ({ name: `a pause in ${step}`, run: () => pausedIn(step, 'v1.1.0') })),
  { name: 'a pause in health_bot, killed in the undo', run: pausedKilledInUndo },
  { name: 'a pause while an unpause is under way', run: pausedWhileUnpausing },
  { name: 'a pause whose write is slow, and an apply meanwhile', run: slowPause },
  { name: 'a pause and an unpause that cannot be written', run: unwritten },
  { name: 'an unpause while the engine is gone', run: unpauseWithoutEngine },
  { name: 'an apply while paused, a rollback while paused', run: whilePaused },
  ...before.map((step) => ({ name: `a cancel in ${step}`, run: () => cancelledIn(step) })),
  { name: 'a cancel while the commit is written, and after it', run: cancelledTooLate },
  { name: 'two that ask at once', run: twoAtOnce },
  { name: 'a pause for a new reason, again and again', run: pausedAgainAndAgain },
  { name: 'a build that says megabytes', run: talkative },
  { name: 'killed in a build three times', run: killedThrice },
  { name: 'killed in a build, then a good release', run: killedThenGood },
  { name: 'killed in health_bot', run: killedWhileSwapping },
  { name: 'SIGTERM in a build three times', run: leftCleanly },
]

async function pausedThenKilled(): Promise<void> {
  const world = await ready()
  await world.run(world.updater.pause(fair, 'ann'))
  must('I4', pauseStands(world), 'a pause was accepted and does not stand')
  const epoch = world.stack.record?.epoch ?? 0
  await world.restart()
  must('I4', pauseStands(world), 'the pause was lost in a restart')
  must('I5', (world.stack.record?.epoch ?? 0) > epoch, 'a new daemon has the epoch of the one before')
  await world.pass(60_000)
  must('I4', pauseStands(world), 'the pause went away by itself')
  await world.unpause()
  must('I4', !world.updater.status().paused, 'unpausing did not clear the hold')
  await world.restart()
  must('I4', !world.updater.status().paused, 'a cleared hold came back in a restart')
}

async function pausedIn(step: string, ends: string): Promise<void> {
  const world = await ready()
  const started = await applyUpTo(world, 'v1.1.0', step)
  await world.run(world.updater.pause(fair, 'ann'))
  must('fault 18', world.updater.status().state === 'idle', 'the call ended before the rollout did')
  must('fault 18', pauseStands(world), 'a pause asked for in a rollout does not hold after it')
  await world.run(started.finished)
  await endsWith(world, 'fault 18', { tag: ends, paused: true })
  must('fault 18', world.updater.status().quarantine.length === 0, 'a pause quarantined the release')
  await world.restart()
  must('fault 18', pauseStands(world), 'a pause asked for in a rollout was lost in a restart')
}

async function pausedKilledInUndo(): Promise<void> {
  const world = await ready()
  await applyUpTo(world, 'v1.1.0', 'health_bot')
  const pausing = world.drive(world.updater.pause(fair, 'ann'))
  await world.until('the undo', () => world.daemon.events.some(({ kind }) => kind === 'undo_started'))
  world.daemon.life.end()
  await pausing
  await world.start()
  await endsWith(world, 'fault 18', { tag: 'v1.0.0', paused: true })
  must('I4', pauseStands(world), 'a pause asked for in a rollout was lost in a kill')
}

async function pausedWhileUnpausing(): Promise<void> {
  const world = await ready()
  await world.run(world.updater.pause(fair, 'ann'))
  slowWrites(world)
  const unpausing = world.unpause()
  await world.run(world.updater.pause('the second fair is on', 'bob'))
  await unpausing
  must('I4', world.updater.status().pauseReason === 'the second fair is on', 'a pause that came during an unpause was cleared by it')
}

async function slowPause(): Promise<void> {
  const world = await ready()
  slowWrites(world)
  const pausing = world.updater.pause(fair, 'ann')
  const started = await world.run(ask(world, 'v1.1.0'))
  await world.run(pausing)
  must('I4', (await codeOf(world, started.outcome)) === 'paused', 'an apply was carried out although rollouts were paused meanwhile')
  await world.run(started.finished)
  await endsWith(world, 'I4', { tag: 'v1.0.0', paused: true })
}

async function unwritten(): Promise<void> {
  const world = await ready()
  const fail = (): void => {
    world.stack.effects.interference = (effect, run) => (effect.name === 'store.write' ? Promise.reject(new Error('EIO')) : run())
  }
  fail()
  must('I4', (await codeOf(world, world.updater.pause(fair, 'ann'))) === 'not_durable', 'a pause that could not be written was accepted')
  world.stack.effects.interference = (_effect, run) => run()
  await world.run(world.updater.pause(fair, 'ann'))
  fail()
  must('I4', (await codeOf(world, world.updater.unpause('ann'))) === 'not_durable', 'an unpause that could not be written was accepted')
  must('I4', pauseStands(world), 'an unpause that could not be written cleared the hold')
}

async function unpauseWithoutEngine(): Promise<void> {
  const world = await ready()
  await world.run(world.updater.pause(fair, 'ann'))
  world.stack.engine.fault = 'connect ENOENT'
  const ended = await world.unpause()
  must('I4', ended.kind === 'error' && pauseStands(world), 'rollouts were resumed although nobody could look at the stack')
}

async function whilePaused(): Promise<void> {
  const world = await upgraded()
  await world.run(world.updater.pause(fair, 'ann'))
  must('I4', (await codeOf(world, ask(world, 'v1.2.0'))) === 'paused', 'an apply was taken on while paused')
  must('I4', (await rollback(world, 'v1.0.0')).status === 'success', 'a rollback was refused while paused')
  await endsWith(world, 'I4', { tag: 'v1.0.0', paused: true })
}

async function cancelledIn(step: string): Promise<void> {
  const world = await ready()
  const started = await applyUpTo(world, 'v1.1.0', step)
  await world.run(world.updater.cancel('ann'))
  const { status } = await toItsEnd(world, started)
  must('fault 18', status !== 'success', 'a cancelled release was rolled out')
  await endsWith(world, 'fault 18', { tag: 'v1.0.0', paused: false })
  must('fault 18', world.updater.status().quarantine.length === 0, 'a cancel quarantined the release')
}

async function cancelledTooLate(): Promise<void> {
  const world = await ready()
  const started = await applyUpTo(world, 'v1.1.0', 'commit')
  must('fault 18', (await codeOf(world, world.updater.cancel('ann'))) === 'past_commit', 'a cancel was accepted after the commit was begun')
  await world.run(started.outcome)
  must('fault 18', (await codeOf(world, world.updater.cancel('ann'))) === 'past_commit', 'a cancel was accepted after the commit')
  await toItsEnd(world, started)
  await endsWith(world, 'fault 18', { tag: 'v1.1.0', paused: false })
}

async function twoAtOnce(): Promise<void> {
  const world = await ready()
  const asked = await Promise.allSettled([ask(world, 'v1.1.0'), ask(world, 'v1.2.0')])
  const taken = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  must('fault 42', taken.length === 1, `${taken.length} of two operations at once were taken on`)
  for (const started of taken) await toItsEnd(world, started)
  await endsWith(world, 'fault 42', { tag: 'v1.1.0', paused: false })
}

async function killedThrice(): Promise<void> {
  const world = await ready()
  for (const paused of [false, false, true]) {
    await applyUpTo(world, 'v1.1.0', 'docker_build')
    await world.restart()
    await endsWith(world, 'fault 9', { tag: 'v1.0.0', paused })
  }
  must('I8', world.updater.status().quarantine.length === 0, 'an interruption quarantined the release')
  await world.unpause()
  must('fault 9', world.stack.record?.failuresInARow === 0, 'unpausing does not reset the count of failures')
  await apply(world, 'v1.1.0')
  await endsWith(world, 'fault 9', { tag: 'v1.1.0', paused: false })
}

async function killedThenGood(): Promise<void> {
  const world = await ready()
  await applyUpTo(world, 'v1.1.0', 'docker_build')
  await world.restart()
  await endsWith(world, 'fault 1', { tag: 'v1.0.0', paused: false })
  must('fault 1', failuresInARow(world) === 1, 'an interruption is not counted')
  await apply(world, 'v1.1.0')
  must('fault 9', failuresInARow(world) === 0, 'a good release does not end the row of failures')
}

async function killedWhileSwapping(): Promise<void> {
  const world = await ready()
  const started = await applyUpTo(world, 'v1.1.0', 'health_bot')
  await world.restart()
  await endsWith(world, 'R7', { tag: 'v1.0.0', paused: true })
  const entries = await world.run(world.updater.history())
  const told = entries.find(({ result }) => result.operationId === started.operationId)?.result
  must('I11', told?.status === 'rolled_back', `the history tells ${told?.status ?? 'nothing'} of it`)
  must('I11', told.stepsCompleted.at(-1) === 'restart_bot', `the last step told is ${told.stepsCompleted.at(-1)}`)
}

async function leftCleanly(): Promise<void> {
  const world = await ready()
  for (let stop = 0; stop < 3; stop += 1) {
    await applyUpTo(world, 'v1.1.0', 'docker_build')
    await world.run(world.updater.stop())
    world.daemon.life.end()
    await world.start()
    await endsWith(world, 'fault 43', { tag: 'v1.0.0', paused: false })
  }
  must('fault 43', world.stack.record?.failuresInARow === 0, 'a clean stop counts as an interruption')
}

async function pausedAgainAndAgain(): Promise<void> {
  const world = await ready()
  for (let day = 0; day < 100; day += 1) await world.run(world.updater.pause(`${fair}, day ${day}`, 'ann'))
  must('I9', world.updater.status().holds.length < 50, 'each pause makes the record larger')
  must('I4', world.updater.status().paused, 'many pauses do not hold')
}

async function talkative(): Promise<void> {
  const world = await ready()
  world.stack.effects.interference = (effect, run) =>
    effect.name === 'runtime.build' ? Promise.reject(new UpdaterError('build_failed', 'exit code 1', { details: { logs: ['x'.repeat(1_000_000)] } })) : run()
  const { error } = await apply(world, 'v1.1.0')
  must('I9', (error?.length ?? 0) < 100_000, 'what a build said is kept as a whole')
}

function failuresInARow(world: World): number | undefined {
  return world.stack.record?.failuresInARow
}

function pauseStands(world: World): boolean {
  return world.updater.status().holds.some(({ reason }) => reason === fair)
}

function slowWrites(world: World): void {
  world.stack.effects.interference = async (effect, run, { time }) => {
    if (effect.name === 'store.write') await time.pause(1_000)
    return run()
  }
}
