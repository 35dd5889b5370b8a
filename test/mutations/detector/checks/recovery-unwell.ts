import { watchInterval, type World } from '../../../simulation/world/world.ts'
import type { Instance } from '../../../simulation/world/engine.ts'
import { must, type Check } from '../check.ts'
import { upgraded } from '../operations.ts'

/** What is told of a bot that runs without being well, while nothing is rolled out (I11). */
export const recoveryUnwell: readonly Check[] = [
  { name: 'the bot dies again and again', run: diesAgainAndAgain },
  { name: 'the bot\'s health check fails', run: healthCheckFails },
  { name: 'the bot dies once', run: diesOnce },
]

async function diesAgainAndAgain(): Promise<void> {
  const { world, bot } = await steady()
  let over = false
  const next = (): void => {
    if (over) return
    world.stack.engine.crash(bot)
    world.time.after(20_000, next)
  }
  next()
  await world.pass(4 * 60_000)
  must('I11', tells(world, 'bot does not stay up'), 'nobody is told that the bot dies again and again')
  over = true
  await world.pass(2 * 60_000)
  must('I11', !tells(world, 'bot'), 'a bot that is well again is told as if it were not')
}

async function healthCheckFails(): Promise<void> {
  const { world, bot } = await steady()
  bot.ill = true
  await world.pass(3 * watchInterval)
  must('I11', tells(world, 'bot fails its health check'), 'nobody is told that the bot\'s health check fails')
}

async function diesOnce(): Promise<void> {
  const { world, bot } = await steady()
  world.stack.engine.crash(bot)
  for (let look = 0; look < 12; look += 1) {
    await world.pass(watchInterval)
    must('I11', !tells(world, 'bot'), 'a bot that died once is told as one that does not stay up')
  }
}

/** The bot has run well for two minutes. */
async function steady(): Promise<{ world: World; bot: Instance }> {
  const world = await upgraded()
  await world.pass(2 * 60_000)
  world.disturbed = true
  const [bot] = world.stack.engine.of('bot')
  must('I2', bot !== undefined, 'there is no bot')
  return { world, bot }
}

function tells(world: World, what: string): boolean {
  return world.updater.status().findings.some((finding) => finding.startsWith(what))
}
