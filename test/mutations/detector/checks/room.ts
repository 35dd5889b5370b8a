import { settle } from '../../../simulation/at-rest.ts'
import { once, undisturbed } from '../../../simulation/world/effects.ts'
import { commitOf } from '../../../simulation/world/releases.ts'
import { places } from '../../../simulation/world/state-directory.ts'
import { watchInterval, type World } from '../../../simulation/world/world.ts'
import { must, type Check } from '../check.ts'
import { apply, ask, disturbing, ready, upgraded } from '../operations.ts'

/** What is removed, when, and who comes first (I9). */
export const room: readonly Check[] = [
  { name: 'the images of an undone release cannot be removed', run: noRoom },
  { name: 'an older state directory is put back', run: olderState },
  { name: 'a stack is idle for hours', run: idle },
  { name: 'an apply is asked for while a removal takes long', run: applyMeanwhile },
  { name: 'the bot falls while a removal takes long', run: fallsMeanwhile },
]

async function noRoom(): Promise<void> {
  const world = await ready({ releases: { 'v1.1.0': 'bot dies' } })
  world.stack.effects.interference = once('fails', ({ name }) => name === 'runtime.prune')
  await apply(world, 'v1.1.0')
  await world.pass(2 * watchInterval)
  world.stack.effects.interference = undisturbed
  must('I9', world.updater.status().findings.some((finding) => finding.includes('takes up disk')), 'nobody is told of what takes up disk')
  await settle(world)
}

async function olderState(): Promise<void> {
  const world = await upgraded({ releases: { 'v1.1.0': 'good', 'v1.2.0': 'good', 'v1.3.0': 'good', 'v1.4.0': 'good', 'v1.5.0': 'good' } })
  const { disk, traefik } = world.stack
  const backup = [places.record, `${places.record}.previous`, places.history, places.routes].map((path) => ({ path, bytes: disk.read(path) }))
  for (const tag of ['v1.2.0', 'v1.3.0', 'v1.4.0', 'v1.5.0']) {
    await apply(world, tag)
    await settle(world)
  }
  world.daemon.life.end()
  await disturbing(world, async () => {
    for (const { path, bytes } of backup) disk.put(path, bytes === null ? null : new TextDecoder().decode(bytes))
    traefik.replaced(disk.read(places.routes) === null ? null : new TextDecoder().decode(disk.read(places.routes) ?? new Uint8Array()))
    await world.start()
    await world.pass(6 * watchInterval)
  })
  must('I9', world.stack.images.commits().has(commitOf('v1.5.0')), 'the image of what runs was removed')
}

async function idle(): Promise<void> {
  const world = await upgraded()
  const first = world.stack.effects.done.length
  for (let left = 4; left > 0; left -= 1) await world.pass(60 * 60_000)
  const removals = world.stack.effects.done.slice(first).filter(({ name }) => name === 'runtime.prune').length
  must('I9', removals < 6, `in four idle hours room was made ${removals} times`)
}

async function applyMeanwhile(): Promise<void> {
  const world = await whileRemoving()
  const asked = world.time.now
  const { begun } = await world.run(ask(world, 'v1.2.0'))
  await world.run(begun)
  must('I9', world.time.now - asked < 1_000, `an apply was taken on ${world.time.now - asked} ms later, because room was being made`)
  must('I11', world.daemon.logged.every((line) => !line.includes('Making room failed')), 'what gave way was told as a failure')
}

async function fallsMeanwhile(): Promise<void> {
  const world = await whileRemoving()
  const [bot] = world.stack.engine.of('bot')
  must('I2', bot !== undefined, 'there is no bot')
  await disturbing(world, async () => {
    await world.drive(world.stack.engine.end(bot))
    const fell = world.time.now
    await world.until('it runs again', () => bot.state === 'running')
    must('R16', world.time.now - fell < 6_000, `the bot was down for ${world.time.now - fell} ms, because room was being made`)
  })
}

/** A removal that takes an hour is under way. */
async function whileRemoving(): Promise<World> {
  const world = await ready({ releases: { 'v1.1.0': 'good', 'v1.2.0': 'good' } })
  let begun = false
  world.stack.effects.interference = async (effect, run) => {
    if (effect.name !== 'source.prune') return run()
    begun = true
    await world.time.pause(60 * 60_000)
    return run()
  }
  await apply(world, 'v1.1.0')
  await world.until('the removal', () => begun)
  return world
}
