import { watchInterval } from '../../../simulation/world/world.ts'
import { must, type Check } from '../check.ts'
import { disturbing, endsWith, upgraded } from '../operations.ts'

/** What the watch makes of something that serves and is down (R16). */
export const recoveryFallen: readonly Check[] = [
  { name: 'R16: the bot was stopped', run: () => stopped('bot') },
  { name: 'R16: an operator stops and starts the bot several times', run: restartedByHand },
  { name: 'R16: an active service was removed', run: () => removed('api-green') },
  { name: 'R16: the bot ends after each start', run: () => endsEachTime(0) },
  { name: 'R16: the bot ends a little after each start', run: () => endsEachTime(25_000) },
  { name: 'R16: the bot ends a minute after each start', run: endsNowAndThen },
]

async function stopped(service: string): Promise<void> {
  const world = await upgraded()
  await disturbing(world, async () => {
    const [instance] = world.stack.engine.of(service)
    if (instance !== undefined) await world.drive(world.stack.engine.end(instance))
    await world.pass(watchInterval + 1_000)
  })
  await endsWith(world, 'R16', { tag: 'v1.1.0', paused: false })
}

/** Each time it is down for less than an operator needs to start it again. */
async function restartedByHand(): Promise<void> {
  const world = await upgraded()
  const [bot] = world.stack.engine.of('bot')
  must('I2', bot !== undefined, 'there is no bot')
  const first = world.stack.effects.done.length
  await disturbing(world, async () => {
    for (let time = 0; time < 5; time += 1) {
      await world.drive(world.stack.engine.end(bot))
      await world.pass(2_500)
      must('R16', world.stack.effects.done.slice(first).every(({ name }) => name !== 'runtime.start'), 'what an operator stops for a moment was started')
      world.stack.engine.launch(bot)
      await world.pass(500)
    }
  })
  await endsWith(world, 'R16', { tag: 'v1.1.0', paused: false })
}

async function removed(service: string): Promise<void> {
  const world = await upgraded()
  await disturbing(world, async () => {
    const [instance] = world.stack.engine.of(service)
    if (instance !== undefined) {
      await world.drive(world.stack.engine.end(instance))
      world.stack.engine.discard(instance)
    }
    await world.pass(watchInterval + 1_000)
  })
  await endsWith(world, 'R16', { tag: 'v1.1.0', paused: false })
}

/** @param after virtual ms for which it runs */
async function endsEachTime(after: number): Promise<void> {
  const world = await upgraded()
  world.disturbed = true
  let starts = 0
  world.stack.effects.interference = async (effect, run) => {
    const answer = await run()
    const [bot] = world.stack.engine.of('bot')
    if (effect.name === 'runtime.start' && bot !== undefined) {
      starts += 1
      if (after === 0) await world.stack.engine.end(bot)
      else world.time.after(after, () => void world.stack.engine.end(bot))
    }
    return answer
  }
  const [bot] = world.stack.engine.of('bot')
  if (bot !== undefined) await world.drive(world.stack.engine.end(bot))
  await world.pass(9 * 60_000)
  must('R16', starts === 3, `a bot that ends each time was started ${starts} times in nine minutes`)
  must('I11', world.updater.status().findings.some((finding) => finding.includes('bot')), 'nobody is told that the bot is down')

  const [skills] = world.stack.engine.of('skills-green')
  if (skills !== undefined) await world.drive(world.stack.engine.end(skills))
  await world.pass(20_000)
  must('R16', skills?.state === 'running', 'a bot that does not stay up keeps another service from being started')
}

async function endsNowAndThen(): Promise<void> {
  const world = await upgraded()
  const [bot] = world.stack.engine.of('bot')
  must('I2', bot !== undefined, 'there is no bot')
  await disturbing(world, async () => {
    for (let time = 0; time < 6; time += 1) {
      await world.drive(world.stack.engine.end(bot))
      await world.pass(2 * watchInterval)
      must('R16', bot.state === 'running', `a bot that held a minute each time was not started after its fall number ${time + 1}`)
      await world.pass(70_000)
    }
  })
  await endsWith(world, 'R16', { tag: 'v1.1.0', paused: false })
}
