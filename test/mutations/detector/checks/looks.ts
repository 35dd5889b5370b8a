import { UpdaterError } from '../../../../src/rollout/errors.ts'
import { halt } from '../../../simulation/outside.ts'
import { undisturbed, type Effect } from '../../../simulation/world/effects.ts'
import type { Instance } from '../../../simulation/world/engine.ts'
import { World } from '../../../simulation/world/world.ts'
import { must, type Check } from '../check.ts'
import { applyUpTo, ask, disturbing, endsWith, ready, states } from '../operations.ts'

/** How soon the watch looks again at what came to nothing, and what it does not hurry by that (R2, R8, R11, R16). */
export const looks: readonly Check[] = [
  { name: 'R2: the engine is away for three seconds while the bot is put back', run: awayForAMoment },
  { name: 'R2: the engine is away for a minute, twice', run: awayForLong },
  { name: 'R2: the engine is away at the first start', run: awayAtFirst },
  { name: 'a look fails at what it does', run: failsOnce },
  { name: 'R8: the old color cannot be started', run: oldColorRefused },
  { name: 'R8: the engine goes away when it is to start the old color', run: awayWhileStarting },
  { name: 'R11: the bot falls while the old color cannot be stopped', run: fallsWhileRetiring },
  { name: 'R11: the bot falls twice while the old color retires', run: fallsTwice },
  { name: 'R16: the engine refuses to start the bot', run: botRefused },
]

async function awayForAMoment(): Promise<void> {
  const world = await dying()
  await until(world, ({ name, services }) => name === 'runtime.up' && services?.includes('bot') === true, () => world.stack.engine.die('connect ENOENT'))
  await world.pass(3_000)
  world.stack.engine.fault = null
  await world.until('the old bot', () => world.stack.engine.of('bot').some((bot) => world.stack.engine.isHealthy(bot)), 2_500)
  await endsWith(world, 'R7', { tag: 'v1.0.0', paused: true })
}

async function awayForLong(): Promise<void> {
  const world = await ready()
  await disturbing(world, async () => {
    for (const time of ['first', 'second']) {
      world.stack.engine.fault = 'connect ENOENT'
      const asked = await looksIn(world, 60_000)
      const soon = asked.filter((at) => at - (asked[0] ?? 0) < 16_000).length
      must('R2', soon === 5, `an engine that is away a ${time} time is asked ${soon} times in 16 s`)
      must('I9', asked.length <= 10, `an engine that is away for a minute a ${time} time is asked ${asked.length} times`)
      world.stack.engine.fault = null
      await world.pass(30_000)
    }
  })
  await endsWith(world, 'R2', { tag: 'v1.0.0', paused: false })
}

/** Its events come all the while: nothing but a look finds out that it answers. */
async function awayAtFirst(): Promise<void> {
  const world = new World({})
  world.stack.effects.questionInterference = (question, answer) => (question.name === 'runtime.containers' && world.time.now < 3_000
    ? Promise.reject(new UpdaterError('engine_unreachable', 'connect ENOENT'))
    : answer())
  await world.start()
  await world.pass(3_000)
  must('R2', world.stack.record === null, 'a stack was taken over without an engine')
  await world.pass(4_000)
  must('R2', world.stack.record !== null, 'four seconds after the engine was there nothing is taken over')
  await endsWith(world, 'R2', { tag: 'v1.0.0', paused: false })
}

async function failsOnce(): Promise<void> {
  const world = await dying()
  let failed = 0
  world.stack.effects.interference = (effect, run) => {
    if (effect.name !== 'runtime.up' || failed === 2) return run()
    failed += 1
    return Promise.reject(new UpdaterError('compose_failed', 'a network is missing'))
  }
  await world.until('the second failure', () => failed === 2)
  await world.until('the old bot', () => world.stack.engine.of('bot').some((bot) => world.stack.engine.isHealthy(bot)), 2_000)
  await endsWith(world, 'R7', { tag: 'v1.0.0', paused: true })
}

async function oldColorRefused(): Promise<void> {
  const world = await dying()
  await world.until('the way back', () => world.stack.routed === 'blue')
  let tries = 0
  world.stack.effects.interference = (effect, run) => {
    if (effect.name !== 'runtime.start') return run()
    tries += 1
    return Promise.reject(new UpdaterError('engine_failed', 'port is already allocated'))
  }
  await halt(world, 'blue')
  await world.pass(18_000)
  must('R8', tries <= 4, `two services of an old color were tried ${tries} times in 18 s`)
  must('R8', world.stack.record?.operation !== null, 'the old color was given up after 18 s')
  must('I11', world.updater.status().findings.some((finding) => finding.includes('port is already allocated')), 'why the old color does not start is told only right after a try')
}

async function awayWhileStarting(): Promise<void> {
  const world = await dying()
  await world.until('the way back', () => world.stack.routed === 'blue')
  const gone = until(world, ({ name }) => name === 'runtime.start', () => world.stack.engine.die('connect ENOENT'))
  await halt(world, 'blue')
  await gone
  await world.pass(2_000)
  world.stack.engine.fault = null
  await world.until('the old color', () => states(world, 'blue') === 'running and running', 2_500)
  world.disturbed = false
  await endsWith(world, 'R8', { tag: 'v1.0.0', paused: true })
}

async function fallsWhileRetiring(): Promise<void> {
  const world = await ready()
  let tries = 0
  world.stack.effects.interference = (effect, run) => {
    if (effect.name !== 'runtime.stop' || effect.services?.includes('api-blue') !== true) return run()
    tries += 1
    return Promise.reject(new UpdaterError('exit_unseen', 'The end of api-blue was not seen.'))
  }
  const started = await world.run(ask(world, 'v1.1.0'))
  await world.run(started.finished)
  await world.until('the third try', () => tries === 3)
  await world.pass(2_000)
  await disturbing(world, async () => {
    const bot = theBot(world)
    await world.drive(world.stack.engine.end(bot))
    await world.until('it runs again', () => bot.state === 'running', 10_000)
  })
  world.stack.effects.interference = undisturbed
  await endsWith(world, 'R11', { tag: 'v1.1.0', paused: false })
}

/** With a short drain: the second time within ten seconds of the first. */
async function fallsTwice(): Promise<void> {
  const world = await ready()
  world.settings = { ...world.settings, limits: { ...world.settings.limits, drain: 100 } }
  await world.restart()
  world.disturbed = true
  const old = theBot(world)
  await world.drive(world.stack.engine.end(old))
  await world.until('it runs again', () => old.state === 'running', 20_000)
  const started = await applyUpTo(world, 'v1.1.0', 'drain')
  const bot = theBot(world)
  world.stack.engine.die('connect ENOENT')
  world.stack.engine.exit(bot, 137)
  await world.run(started.finished)
  world.stack.engine.fault = null
  await world.until('it runs again', () => bot.state === 'running', 12_000)
  must('R11', states(world, 'blue') === 'running and running', 'the old color was stopped while what serves was down')
  world.disturbed = false
  await endsWith(world, 'R11', { tag: 'v1.1.0', paused: false })
}

async function botRefused(): Promise<void> {
  const world = await ready()
  world.disturbed = true
  let tries = 0
  world.stack.effects.interference = (effect, run) => {
    if (effect.name !== 'runtime.start') return run()
    tries += 1
    return Promise.reject(new UpdaterError('engine_failed', 'port is already allocated'))
  }
  await world.drive(world.stack.engine.end(theBot(world)))
  await world.until('a first try', () => tries > 0, 20_000)
  for (let second = 1; second < 40; second += 1) {
    await world.pass(1_000)
    must('I11', world.updater.status().findings.some((finding) => finding.includes('port is already allocated')), `${second} s after a first try nobody is told why the bot does not start`)
  }
  must('R16', tries === 3, `a bot that cannot be started was tried ${tries} times in 40 s`)
}

/** v1.1.0's bot is about to die. */
async function dying(): Promise<World> {
  const world = await ready({ releases: { 'v1.1.0': 'bot dies' } })
  await applyUpTo(world, 'v1.1.0', 'health_bot')
  world.disturbed = true
  return world
}

/** Does something right before the next effect of this kind. */
async function until(world: World, choice: (effect: Effect) => boolean, act: () => void): Promise<void> {
  let done = false
  world.stack.effects.interference = (effect, run) => {
    if (!done && choice(effect)) {
      done = true
      act()
    }
    return run()
  }
  await world.until('the moment', () => done)
}

/** When the watch asked the engine what runs, once a look. */
async function looksIn(world: World, milliseconds: number): Promise<number[]> {
  const asked: number[] = []
  world.stack.effects.questionInterference = (question, answer) => {
    if (question.name === 'runtime.containers' && world.time.now > (asked.at(-1) ?? -Infinity)) asked.push(world.time.now)
    return answer()
  }
  await world.pass(milliseconds)
  world.stack.effects.questionInterference = undisturbed
  return asked
}

function theBot(world: World): Instance {
  const [bot] = world.stack.engine.of('bot')
  must('I2', bot !== undefined, 'there is no bot')
  return bot
}
