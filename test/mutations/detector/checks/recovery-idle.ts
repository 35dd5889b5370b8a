import { settle } from '../../../simulation/at-rest.ts'
import { routeByHand, sicken } from '../../../simulation/outside.ts'
import type { Color } from '../../../../src/rollout/topology.ts'
import { once, undisturbed, type Interference } from '../../../simulation/world/effects.ts'
import { commitOf } from '../../../simulation/world/releases.ts'
import { plainText } from '../../../simulation/world/routes-text.ts'
import { damageRecord, leaveNewerRecord, removeRecord } from '../../../simulation/world/state-directory.ts'
import { usual } from '../../../simulation/world/topologies.ts'
import { watchInterval, type World } from '../../../simulation/world/world.ts'
import { must, type Check } from '../check.ts'
import { apply, disturbing, endsWith, readsOnly, ready, served, states, upgraded } from '../operations.ts'

/** What the watch, or the next daemon, makes of a stack at rest (R1 to R5, R13 to R17). */
export const recoveryIdle: readonly Check[] = [
  { name: 'R1: a record of a newer version', run: newerRecord },
  { name: 'R2: idle, the engine is gone', run: engineGone },
  { name: 'R3: the first start, green serves', run: firstStart },
  { name: 'R4: the record is damaged', run: () => lostRecord((world) => damageRecord(world.stack.disk)) },
  { name: 'R4: the record is gone', run: () => lostRecord((world) => removeRecord(world.stack.disk)) },
  { name: 'R5: idle, two bots', run: twoBots },
  { name: 'R13: the stamp was edited', run: stampEdited },
  { name: 'R13: the routes were written in the plain form', run: plainRoutes },
  { name: 'R14: the other color was routed and is healthy', run: () => otherRouted() },
  { name: 'R14: the other color was routed and is healthy, and its first answer is lost', run: () => otherRouted(once('fails', ({ name }) => name === 'probe.direct')) },
  { name: 'R15: the routes file is missing', run: () => brokenRoutes(null) },
  { name: 'R15: the routes file is unreadable', run: () => brokenRoutes('http: {') },
  { name: 'R15: a stopped color was routed', run: stoppedRouted },
  { name: 'R17: the standby was started', run: standbyStarted },
  { name: 'R17: the standby was started and Traefik serves it', run: standbyServed },
  { name: 'an operator\'s compose recreates the bot', run: recreatedBot },
  { name: 'the active color is ill', run: illColor },
  { name: 'maintenance mode, the bot stopped by hand', run: maintenance },
  { name: 'maintenance mode, a second bot started by hand', run: twoBotsInMaintenance },
  { name: 'a tag of an active service was moved by hand', run: tagAstray },
]

async function newerRecord(): Promise<void> {
  const world = await upgraded()
  world.daemon.life.end()
  leaveNewerRecord(world.stack.disk, 9)
  const first = world.stack.effects.done.length
  await world.start()
  await world.pass(60_000)
  must('fault 16', world.stack.effects.done.length === first, 'a record of a newer version did not keep the daemon from acting')
  must('fault 16', world.updater.status().observing !== null, 'nobody is told that the updater only observes')
}

async function engineGone(): Promise<void> {
  const world = await upgraded()
  world.stack.engine.fault = 'connect ENOENT'
  const first = world.stack.effects.done.length
  await world.pass(3 * watchInterval)
  must('R2', world.stack.effects.done.length === first, 'something was done while the engine was gone')
  must('I11', world.updater.status().findings.some((finding) => finding.includes('ENOENT')), 'nobody is told that the engine is gone')
  world.stack.engine.fault = null
  await endsWith(world, 'R2', { tag: 'v1.1.0', paused: false })
}

async function firstStart(): Promise<void> {
  const world = await ready({ color: 'green' })
  must('R3', world.updater.status().activeColor === 'green', 'the color that served was not taken over')
  await endsWith(world, 'R3', { tag: 'v1.0.0', paused: false })
}

async function lostRecord(lose: (world: World) => void): Promise<void> {
  const world = await upgraded()
  world.daemon.life.end()
  lose(world)
  await world.start()
  must('R4', world.updater.status().activeColor === 'green', 'the color that served was not taken over')
  await world.pass(2 * watchInterval)
  must('R4', world.stack.images.commits().has(commitOf('v1.0.0')), 'what the lost record knew was removed before anybody could look')
  await endsWith(world, 'R4', { tag: world.updater.status().active?.tag ?? '', paused: true })
}

async function twoBots(): Promise<void> {
  const world = await upgraded()
  await disturbing(world, async () => {
    const image = world.stack.images.get('bot', commitOf('v1.0.0'))
    must('R5', image !== undefined, 'the old bot\'s image is gone')
    world.stack.engine.launch(world.stack.engine.create('bot', image, true))
    await world.pass(2 * watchInterval)
    must('I2', world.stack.engine.of('bot').length === 1, `${world.stack.engine.of('bot').length} bots are left`)
  })
  await endsWith(world, 'R5', { tag: 'v1.1.0', paused: false })
}

async function stampEdited(): Promise<void> {
  const world = await upgraded()
  const { generation } = world.stack.record ?? {}
  world.stack.traefik.replaced(world.stack.traefik.file?.replaceAll(generation ?? '', 'by-hand') ?? null)
  await world.pass(watchInterval)
  await endsWith(world, 'R13', { tag: 'v1.1.0', paused: false })
}

async function plainRoutes(): Promise<void> {
  const world = await upgraded()
  world.stack.traefik.replaced(plainText('green', usual))
  await world.pass(watchInterval)
  await endsWith(world, 'R13', { tag: 'v1.1.0', paused: false })
}

async function otherRouted(lost: Interference = undisturbed): Promise<void> {
  const world = await upgraded()
  await disturbing(world, async () => {
    launch(world, 'blue')
    await world.pass(1_000)
    routeByHand(world, 'blue')
    world.stack.effects.questionInterference = lost
    await world.pass(watchInterval + 1_000)
    must('R14', world.updater.status().activeColor === 'blue' && served(world) === 'blue and blue', `an operator routed blue, ${served(world)} serve`)
    must('R14', world.updater.status().paused, 'nothing holds rollouts')
    must('R17', states(world, 'green') === 'running and running', 'the color that was left got no time')
    await world.pass(world.settings.policy.standbyGrace + 2 * watchInterval)
    must('R17', states(world, 'green') === 'exited and exited', 'the color that was left runs for good')
  })
  must('R14', world.updater.status().active?.tag === 'v1.0.0', `${world.updater.status().active?.tag} is told to run`)
}

async function brokenRoutes(text: string | null): Promise<void> {
  const world = await upgraded()
  await disturbing(world, async () => {
    world.stack.traefik.replaced(text)
    await world.pass(watchInterval + 1_000)
  })
  await endsWith(world, 'R15', { tag: 'v1.1.0', paused: true })
  must('R15', (world.updater.status().pauseReason?.includes('copy') ?? false) === (text !== null), 'the operator is not told where the file is that was replaced')
}

async function stoppedRouted(): Promise<void> {
  const world = await upgraded()
  await disturbing(world, async () => {
    routeByHand(world, 'blue')
    await world.pass(watchInterval + 1_000)
  })
  await endsWith(world, 'R15', { tag: 'v1.1.0', paused: true })
}

async function standbyStarted(): Promise<void> {
  const world = await upgraded()
  launch(world, 'blue')
  await world.pass(55_000)
  must('R17', states(world, 'blue') === 'running and running', 'a standby was stopped within its minute of grace')
  await world.pass(30_000)
  must('R17', states(world, 'blue') === 'exited and exited', 'a standby that nobody routes runs for good')
  await endsWith(world, 'R17', { tag: 'v1.1.0', paused: false })
}

/** Traefik was started again and reads a file of before, as from a mount that is late. */
async function standbyServed(): Promise<void> {
  const world = await ready()
  const before = world.stack.traefik.file
  await apply(world, 'v1.1.0')
  await settle(world)
  launch(world, 'blue')
  await world.pass(1_000)
  world.disturbed = true
  readsOnly(world, before)
  await world.pass(3 * 60_000)
  must('I1', states(world, 'blue') === 'running and running', 'a color that Traefik serves was stopped')
  world.stack.traefik.follows = true
  await world.pass(3 * 60_000)
  world.disturbed = false
  await endsWith(world, 'R17', { tag: 'v1.1.0', paused: false })
}

async function recreatedBot(): Promise<void> {
  const world = await upgraded()
  const { engine } = world.stack
  const [old] = engine.of('bot')
  must('I2', old !== undefined, 'there is no bot')
  world.disturbed = true
  const next = engine.create('bot', old.image, true)
  await world.drive(engine.end(old))
  await world.pass(1.5 * watchInterval)
  must('R5', engine.of('bot').length === 2 && next.state === 'created', 'an operator\'s compose was interfered with')
  engine.discard(old)
  engine.launch(next)
  await world.pass(1_000)
  world.disturbed = false
  await endsWith(world, 'R16', { tag: 'v1.1.0', paused: false })
}

async function maintenance(): Promise<void> {
  const world = await upgraded()
  await world.run(world.updater.enterMaintenance('disks are swapped', 'ann'))
  const [bot] = world.stack.engine.of('bot')
  world.disturbed = true
  if (bot !== undefined) await world.drive(world.stack.engine.end(bot))
  await world.pass(6 * watchInterval)
  must('maintenance mode keeps hands off', bot?.state === 'exited', 'what an operator stopped in maintenance mode was started')
  await world.restart()
  await world.pass(6 * watchInterval)
  must('maintenance mode keeps hands off', bot?.state === 'exited', 'maintenance mode was lost in a restart')
  await world.run(world.updater.leaveMaintenance('ann'))
  await world.pass(2 * watchInterval)
  world.disturbed = false
  await endsWith(world, 'R16', { tag: 'v1.1.0', paused: false })
}

async function twoBotsInMaintenance(): Promise<void> {
  const world = await upgraded()
  await world.run(world.updater.enterMaintenance('trying things', 'ann'))
  const [bot] = world.stack.engine.of('bot')
  must('I2', bot !== undefined, 'there is no bot')
  await disturbing(world, async () => {
    world.stack.engine.launch(world.stack.engine.create('bot', bot.image, true))
    await world.pass(6 * watchInterval)
    must('maintenance mode keeps hands off', world.stack.engine.of('bot').length === 2, 'what an operator started in maintenance mode was removed')
    must('I11', world.updater.status().findings.some((finding) => finding.includes('More than one container of bot')), 'nobody is told of the second bot')
    await world.run(world.updater.leaveMaintenance('ann'))
    await world.pass(2 * watchInterval)
  })
  await endsWith(world, 'R5', { tag: 'v1.1.0', paused: false })
}

async function tagAstray(): Promise<void> {
  const world = await upgraded()
  const { images } = world.stack
  const old = images.get('bot', commitOf('v1.0.0'))
  must('I10', old !== undefined, 'the image of the release before is gone')
  images.current.set('bot', old)
  await world.pass(2 * 60_000)
  must('fault 23', images.current.get('bot')?.version === '1.1.0', 'an operator\'s compose would start another bot than runs')
}

async function illColor(): Promise<void> {
  const world = await upgraded()
  world.disturbed = true
  sicken(world, 'green')
  const first = world.stack.effects.done.length
  await world.pass(2 * watchInterval)
  must('I11', world.updater.status().findings.some((finding) => finding.includes('does not answer')), 'nobody is told that what serves is ill')
  must('I1', world.stack.effects.done.length === first, 'something was done to a color that is ill')
}

function launch(world: World, color: Color): void {
  for (const instance of world.stack.instancesOf(color)) if (instance !== undefined) world.stack.engine.launch(instance)
}
