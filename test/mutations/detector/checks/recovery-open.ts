import type { UpdaterRecord } from '../../../../src/rollout/model.ts'
import { halt, routeByHand, sicken } from '../../../simulation/outside.ts'
import { once } from '../../../simulation/world/effects.ts'
import { commitOf } from '../../../simulation/world/releases.ts'
import { places, restoreRecord } from '../../../simulation/world/state-directory.ts'
import { watchInterval, type World } from '../../../simulation/world/world.ts'
import { must, type Check } from '../check.ts'
import { applyUpTo, ask, disturbing, endsWith, readsOnly, ready, running, served, states } from '../operations.ts'

/** What the next daemon makes of an open operation (R2, R4 to R12). */
export const recoveryOpen: readonly Check[] = [
  { name: 'R2: killed in health_bot, the engine is gone', run: engineGone },
  { name: 'R4: an older copy of the record with an open operation, while both colors run', run: olderCopy },
  { name: 'R5: killed in drain, two bots', run: () => twoBots('drain', 'v1.1.0') },
  { name: 'R5: killed in health_bot, two bots', run: () => twoBots('health_bot', 'v1.0.0') },
  { name: 'R6: killed in a build, the routes file gone', run: routesGone },
  { name: 'R7: killed in health_bot, the prepared way back removed by somebody', run: wayBackRemoved },
  { name: 'R7: killed when the bot had been stopped', run: botStopped },
  { name: 'R7: killed in health_bot, and the old color does not answer for a moment', run: lostAnswer },
  { name: 'R8: killed in health_bot, the old color stopped', run: oldColorStopped },
  { name: 'R9: killed in health_bot, neither color healthy', run: neitherHealthy },
  { name: 'R10: killed in health_bot, only the new color healthy', run: onlyNewHealthy },
  { name: 'R11: killed in drain, stop_old_color and update_tree', run: killedRetiring },
  { name: 'R11: killed in drain, Traefik starts again with the file of before', run: traefikBehind },
  { name: 'R11: the old color routed by hand while it drains', run: routedWhileDraining },
  { name: 'R12: killed in drain, the other color routed', run: otherRouted },
  { name: 'the new color routed by hand while the undo drains it', run: routedWhileUndoing },
]

async function engineGone(): Promise<void> {
  const world = await killedIn('health_bot')
  world.stack.engine.fault = 'connect ENOENT'
  const first = world.stack.effects.done.length
  await world.start()
  await world.pass(1_000)
  must('R2', served(world) === 'blue and blue', `with the engine gone ${served(world)} served`)
  await world.pass(5 * watchInterval)
  const touched = world.stack.effects.done.slice(first).filter(({ name }) => name.startsWith('runtime.'))
  must('R2', touched.length === 0, `${touched[0]?.name} was asked of an engine that is gone`)
  const { findings } = world.updater.status()
  must('R2', findings.some((finding) => finding.startsWith('The engine does not answer')), `of an engine that is gone is told: ${findings.join(' ')}`)
  world.stack.engine.fault = null
  await endsWith(world, 'R7', { tag: 'v1.0.0', paused: true })
}

async function olderCopy(): Promise<void> {
  const world = await ready()
  let old: UpdaterRecord | null = null
  world.stack.effects.interference = (effect, run) => {
    if (effect.name === 'runtime.build') old = world.stack.record
    return run()
  }
  await applyUpTo(world, 'v1.1.0', 'drain')
  world.daemon.life.end()
  const before = running(world)
  await disturbing(world, async () => {
    if (old !== null) restoreRecord(world.stack.disk, old)
    await world.start()
    must('fault 17', running(world) === before, `an older copy of the record was believed: ${running(world)} runs`)
    must('fault 17', world.stack.routed === 'green', 'an older copy of the record moved the traffic')
  })
  await endsWith(world, 'fault 17', { tag: world.updater.status().active?.tag ?? '', paused: true })
  must('R4', world.updater.status().activeColor === 'green', 'the routed color was not taken over')
}

async function twoBots(step: string, stays: string): Promise<void> {
  const world = await killedIn(step)
  await disturbing(world, async () => {
    const image = world.stack.images.get('bot', commitOf('v1.0.0'))
    must('R5', image !== undefined, 'the old bot\'s image is gone')
    world.stack.engine.launch(world.stack.engine.create('bot', image, true))
    await world.start()
    await world.pass(2 * watchInterval)
    must('I2', world.stack.engine.of('bot').length === 1, `${world.stack.engine.of('bot').length} bots are left`)
  })
  await endsWith(world, 'R5', { tag: stays })
}

async function routesGone(): Promise<void> {
  const world = await killedIn('docker_build')
  world.stack.traefik.replaced(null)
  await world.start()
  await endsWith(world, 'R6', { tag: 'v1.0.0' })
}

async function wayBackRemoved(): Promise<void> {
  const world = await killedIn('health_bot')
  for (const name of world.stack.disk.list(places.staging)) world.stack.disk.put(`${places.staging}/${name}`, null)
  await world.start()
  await world.pass(2 * watchInterval)
  must('R7', served(world) === 'blue and blue', `the prepared way back was removed, and ${served(world)} serve`)
  await endsWith(world, 'R7', { tag: 'v1.0.0', paused: true })
}

async function lostAnswer(): Promise<void> {
  const world = await killedIn('health_bot')
  world.disturbed = true
  sicken(world, 'blue')
  world.time.after(150, () => sicken(world, 'blue', false))
  await world.start()
  world.disturbed = false
  await endsWith(world, 'fault 30', { tag: 'v1.0.0', paused: true })
}

async function botStopped(): Promise<void> {
  const world = await ready()
  const [bot] = world.stack.engine.of('bot')
  world.stack.effects.interference = once('crash after', ({ name, services }) => name === 'runtime.stop' && services?.join() === 'bot')
  const started = await world.run(ask(world, 'v1.1.0'))
  await world.drive(started.finished)
  await world.start()
  await endsWith(world, 'fault 6', { tag: 'v1.0.0', paused: true })
  must('fault 6', world.stack.engine.of('bot')[0] === bot, 'the old bot was replaced although it only had to be started')
  const { lastResult } = world.updater.status()
  must('fault 6', lastResult?.status === 'rolled_back', `the bot is back, and the undo is told as ${lastResult?.status}`)
}

async function oldColorStopped(): Promise<void> {
  const world = await killedIn('health_bot')
  await disturbing(world, async () => {
    await halt(world, 'blue')
    await world.start()
  })
  await endsWith(world, 'R8', { tag: 'v1.0.0', paused: true })
}

async function neitherHealthy(): Promise<void> {
  const world = await killedIn('health_bot')
  await disturbing(world, async () => {
    sicken(world, 'blue')
    sicken(world, 'green')
    await world.start()
    await world.pass(5 * watchInterval)
    must('R9', world.stack.routed === 'blue', `${world.stack.routed} is routed, not the old color`)
    const all = `${states(world, 'blue')} / ${states(world, 'green')}`
    must('R9', all === 'running and running / running and running', `with neither color healthy the colors are ${all}`)
    must('R9', world.updater.status().paused, 'nothing holds rollouts')
    sicken(world, 'blue', false)
    await world.pass(watchInterval + 2_000)
  })
  await endsWith(world, 'R9', { tag: 'v1.0.0', paused: true })
}

async function onlyNewHealthy(): Promise<void> {
  const world = await killedIn('health_bot')
  world.disturbed = true
  sicken(world, 'blue')
  await world.start()
  await world.pass(watchInterval)
  const { active, lastGoodTag, paused, activeColor } = world.updater.status()
  must('R10', active?.tag === 'v1.1.0' && activeColor === 'green', `${active?.tag} on ${activeColor} is told to serve`)
  must('R10', served(world) === 'green and green', `${served(world)} serve, only green is healthy`)
  must('R10', lastGoodTag === null && paused, 'a release that was kept for want of a better one counts as good')
  must('R10', states(world, 'blue') === 'running and running', 'the old color was stopped')
}

async function killedRetiring(): Promise<void> {
  for (const step of ['drain', 'stop_old_color', 'update_tree']) {
    const world = await killedIn(step)
    await world.start()
    await endsWith(world, 'R11', { tag: 'v1.1.0', paused: false })
  }
}

/** Traefik was started again and reads the file of before, as from a mount that is late. */
async function traefikBehind(): Promise<void> {
  const world = await ready()
  const before = world.stack.traefik.file
  await applyUpTo(world, 'v1.1.0', 'drain')
  world.daemon.life.end()
  world.disturbed = true
  readsOnly(world, before)
  await world.start()
  await world.pass(5 * watchInterval)
  must('fault 32', states(world, 'blue') === 'running and running', 'the color that Traefik serves was stopped')
  world.stack.traefik.follows = true
  await world.pass(60_000)
  world.disturbed = false
  await endsWith(world, 'R11', { tag: 'v1.1.0' })
}

async function routedWhileDraining(): Promise<void> {
  const world = await ready()
  const started = await applyUpTo(world, 'v1.1.0', 'drain')
  await world.pass(3_000)
  routeByHand(world, 'blue')
  await world.run(started.finished)
  await endsWith(world, 'R12', { tag: 'v1.1.0', paused: true })
}

async function otherRouted(): Promise<void> {
  const world = await killedIn('drain')
  routeByHand(world, 'blue')
  await world.start()
  await endsWith(world, 'R12', { tag: 'v1.1.0', paused: true })
}

async function routedWhileUndoing(): Promise<void> {
  const world = await ready({ releases: { 'v1.1.0': 'broken when routed' } })
  const started = await applyUpTo(world, 'v1.1.0', 'health_routed_skills')
  await world.until('the way back', () => world.stack.routed === 'blue')
  await world.pass(3_000)
  routeByHand(world, 'green')
  await world.run(started.finished)
  await endsWith(world, 'fault 34', { tag: 'v1.0.0', paused: true })
}

async function killedIn(step: string): Promise<World> {
  const world = await ready()
  await applyUpTo(world, 'v1.1.0', step)
  world.daemon.life.end()
  return world
}
