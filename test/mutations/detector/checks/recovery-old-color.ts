import { UpdaterError } from '../../../../src/rollout/errors.ts'
import { operatorDown } from '../../../simulation/world/operator-compose.ts'
import { dockerStop } from '../../../simulation/world/operator-docker.ts'
import { halt, sicken, states } from '../../../simulation/outside.ts'
import { once } from '../../../simulation/world/effects.ts'
import { commitOf, type ReleaseKind } from '../../../simulation/world/releases.ts'
import { watchInterval, type World } from '../../../simulation/world/world.ts'
import { must, type Check } from '../check.ts'
import { apply, applyUpTo, ask, endsWith, ready, served } from '../operations.ts'

/** An old color that is ill or down before the commit point, what is kept instead, and what the kept one leaves behind (R8 to R11, R16). */
export const recoveryOldColor: readonly Check[] = [
  { name: 'R10: the new bot dies while the old color is ill, and well again after a minute', run: comesBack },
  { name: 'R10: the daemon is stopped while it waits for the old color, which is well meanwhile', run: wellWhileStopped },
  { name: 'R10: the old color is ill for good', run: illForGood },
  { name: 'R8: the old color is down, and takes its time to come up', run: slowToComeUp },
  { name: 'R8: the engine refuses to start the old color', run: refusesToStart },
  { name: 'R9: neither color healthy, and the bot is gone', run: botGone },
  { name: 'R7: the old color is stopped in the drain of the undo', run: stoppedInTheDrain },
  { name: 'the undo of the release after a kept one', run: undoAfterKept },
  { name: 'R11: the engine has taken the committed release with it', run: committedGone },
  { name: 'R11: the old color cannot be stopped', run: cannotBeStopped },
  { name: 'R16: all is gone, and Compose refuses one service', run: composeRefusesOne },
  { name: 'R16: all is stopped, and the engine refuses to start one service', run: engineRefusesOne },
]

async function comesBack(): Promise<void> {
  const world = await dying()
  await world.until('the way back', () => served(world) === 'blue and blue')
  sicken(world, 'blue')
  world.time.after(60_000, () => sicken(world, 'blue', false))
  await world.until('the new color serves', () => served(world) === 'green and green', 20_000)
  await world.until('a bot that works', () => botWorks(world), 20_000)
  await world.until('the end', () => world.stack.record?.operation === null, 5 * 60_000)
  world.disturbed = false
  await endsWith(world, 'R10', { tag: 'v1.0.0', paused: true })
}

/** In the middle of a look as well as between two. */
async function wellWhileStopped(): Promise<void> {
  for (const more of [0, 100, 200, 300, 400]) {
    const world = await dying()
    sicken(world, 'blue')
    await world.until('the wait', () => world.daemon.logged.some((line) => line.includes('Recovery R10')))
    await world.pass(20_000 + more)
    world.daemon.life.freeze()
    await world.pass(5 * 60_000)
    sicken(world, 'blue', false)
    world.daemon.life.thaw()
    await world.pass(1)
    await world.until('the end', () => world.stack.record?.operation === null, 5 * 60_000)
    world.disturbed = false
    await endsWith(world, 'fault 21', { tag: 'v1.0.0', paused: true })
  }
}

async function illForGood(): Promise<void> {
  const world = await kept('good')
  must('R10', botWorks(world), 'no bot works beside the color that was kept')
  must('R10', world.stack.engine.of('bot')[0]?.image.commit === commitOf('v1.0.0'), 'a bot that was found not to work runs beside the color that was kept')
  must('I11', world.updater.status().lastResult?.error?.includes('bot runs v1.0.0') === true, 'nobody is told which bot runs beside the color that was kept')
}

async function slowToComeUp(): Promise<void> {
  const world = await dying()
  await world.until('the way back', () => served(world) === 'blue and blue')
  await halt(world, 'blue')
  for (const instance of world.stack.instancesOf('blue')) if (instance !== undefined) instance.ill = true
  world.time.after(60_000, () => sicken(world, 'blue', false))
  await world.until('users are served', () => served(world) === 'green and green', 20_000)
  await world.until('a bot that works', () => botWorks(world), 20_000)
  await world.until('the end', () => world.stack.record?.operation === null, 5 * 60_000)
  world.disturbed = false
  await endsWith(world, 'R8', { tag: 'v1.0.0', paused: true })
}

async function refusesToStart(): Promise<void> {
  const world = await dying()
  await world.until('the way back', () => served(world) === 'blue and blue')
  world.stack.effects.interference = (effect, run) => (effect.name === 'runtime.start' ? Promise.reject(new UpdaterError('engine_failed', 'port in use')) : run())
  await halt(world, 'blue')
  await world.until('users are served', () => served(world) === 'green and green', 20_000)
  await world.pass(5 * 60_000)
  const { activeColor, state, paused } = world.updater.status()
  must('R10', activeColor === 'green' && state === 'idle' && paused, `the old color could not be started: ${state}, ${activeColor} is active`)
}

async function botGone(): Promise<void> {
  const world = await ready({ releases: { 'v1.1.0': 'good' } })
  world.stack.effects.interference = once('crash after', ({ name, services }) => name === 'runtime.remove' && services?.includes('bot') === true)
  await world.drive(ask(world, 'v1.1.0').then(({ finished }) => finished))
  world.disturbed = true
  sicken(world, 'blue')
  sicken(world, 'green')
  await world.start()
  await world.until('a bot that works', () => botWorks(world), 60_000)
}

/** Who was led back to the old color must not lose the new one as well. */
async function stoppedInTheDrain(): Promise<void> {
  const world = await dying()
  await world.until('the way back', () => served(world) === 'blue and blue')
  await world.pass(8_000)
  await world.drive(dockerStop(world.stack, 'skills-blue'))
  await world.pass(3_000)
  must('R8', world.stack.isColorHealthy('green') || world.stack.isColorHealthy('blue'), 'the old color was stopped, and the new one taken away all the same')
  await world.until('the end', () => world.stack.record?.operation === null, 5 * 60_000)
  world.disturbed = false
  await endsWith(world, 'R8', { tag: 'v1.0.0', paused: true })
}

async function undoAfterKept(): Promise<void> {
  const world = await kept('bot dies')
  sicken(world, 'blue', false)
  const unpaused = await world.unpause()
  must('I4', unpaused.kind === 'value', 'rollouts cannot be unpaused after a color was kept')
  world.disturbed = false
  const result = await apply(world, 'v1.2.0')
  must('R7', result.status === 'rolled_back', `a release whose bot dies ended as ${result.status}`)
  must('R7', world.stack.engine.of('bot')[0]?.image.commit === commitOf('v1.0.0'), 'the undo brought back another bot than the one that worked')
}

/** What serves is up again before anything is drained for it. */
async function committedGone(): Promise<void> {
  const world = await ready()
  await applyUpTo(world, 'v1.1.0', 'drain')
  world.daemon.life.end()
  world.disturbed = true
  await halt(world, 'green')
  world.stack.effects.interference = (effect, run) => {
    if (effect.name === 'runtime.stop') must('R11', states(world, 'green').join() === 'running,running', 'the old color is stopped while the committed one is down')
    return run()
  }
  await world.start()
  await world.pass(1_000)
  must('R11', states(world, 'green').join() === 'running,running', 'the committed release was left down')
  world.disturbed = false
  await endsWith(world, 'R11', { tag: 'v1.1.0', paused: false })
}

async function cannotBeStopped(): Promise<void> {
  const world = await ready()
  world.stack.effects.interference = (effect, run) => (effect.name === 'runtime.stop' && effect.services?.includes('api-blue') === true
    ? Promise.reject(new UpdaterError('exit_unseen', 'The end of api-blue was not seen.'))
    : run())
  const started = await applyUpTo(world, 'v1.1.0', 'stop_old_color')
  await world.run(started.finished)
  await world.pass(5 * 60_000)
  const { state, lastResult } = world.updater.status()
  must('R11', state === 'idle' && lastResult?.status === 'success', `an old color that cannot be stopped keeps a committed rollout ${state}`)
}

async function composeRefusesOne(): Promise<void> {
  const world = await ready()
  world.disturbed = true
  await world.drive(operatorDown(world.stack))
  const { effects, engine } = world.stack
  effects.interference = (effect, run) => (effect.name === 'runtime.up' && effect.services?.includes('api-blue') === true
    ? Promise.reject(new UpdaterError('compose_failed', 'port is already allocated'))
    : run())
  await world.pass(3 * watchInterval)
  must('R16', botWorks(world) && engine.of('skills-blue').some((one) => engine.isHealthy(one)), 'one service that Compose refuses keeps the others down')
}

async function engineRefusesOne(): Promise<void> {
  const world = await ready()
  world.disturbed = true
  const [skills] = world.stack.engine.of('skills-blue')
  const [bot] = world.stack.engine.of('bot')
  must('I2', bot !== undefined, 'there is no bot')
  world.stack.effects.interference = (effect, run) => (effect.name === 'runtime.start' && effect.containerId === skills?.id
    ? Promise.reject(new UpdaterError('engine_failed', 'port is already allocated'))
    : run())
  await halt(world, 'blue')
  await world.drive(world.stack.engine.end(bot))
  await world.pass(2 * watchInterval)
  must('R16', botWorks(world), 'one service that the engine refuses to start keeps the bot down')
}

/** The new bot is about to die. */
async function dying(next: ReleaseKind = 'good'): Promise<World> {
  const world = await ready({ releases: { 'v1.1.0': 'bot dies', 'v1.2.0': next } })
  await applyUpTo(world, 'v1.1.0', 'health_bot')
  world.disturbed = true
  return world
}

/** v1.1.0 had to be kept on green, with the bot of v1.0.0 beside it, since its own dies. */
async function kept(next: ReleaseKind): Promise<World> {
  const world = await dying(next)
  sicken(world, 'blue')
  await world.until('a bot that works, long before it is decided', () => botWorks(world), 20_000)
  await world.until('the end', () => world.updater.status().state === 'idle', 5 * 60_000)
  const { active, paused, activeColor } = world.updater.status()
  must('R10', active?.tag === 'v1.1.0' && activeColor === 'green' && paused, `${active?.tag} on ${activeColor} is told to serve`)
  must('R10', [...states(world, 'blue'), ...states(world, 'green')].every((state) => state === 'running'), 'one of the two colors was stopped')
  return world
}

function botWorks({ stack }: World): boolean {
  const [bot, another] = stack.engine.of('bot')
  return bot !== undefined && another === undefined && stack.engine.isHealthy(bot)
}
