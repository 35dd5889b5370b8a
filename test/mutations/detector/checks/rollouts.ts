import { planOf } from '../../../../src/rollout/plan.ts'
import { routeByHand } from '../../../simulation/outside.ts'
import { commitOf, type ReleaseKind } from '../../../simulation/world/releases.ts'
import { twoOfEach, usual } from '../../../simulation/world/topologies.ts'
import { must, type Check } from '../check.ts'
import { apply, applyUpTo, ask, disturbing, endsWith, ready, rollback, running, served, states, toItsEnd, upgraded } from '../operations.ts'

/** Releases that go wrong, and how far they get. */
const badReleases: readonly { kind: ReleaseKind; switched: boolean; swapped: boolean; quarantined: boolean }[] = [
  { kind: 'preflight refuses', switched: false, swapped: false, quarantined: true },
  { kind: 'does not build', switched: false, swapped: false, quarantined: true },
  { kind: 'never healthy', switched: false, swapped: false, quarantined: true },
  { kind: 'exits', switched: false, swapped: false, quarantined: true },
  { kind: 'broken through Traefik', switched: false, swapped: false, quarantined: true },
  { kind: 'broken when routed', switched: true, swapped: false, quarantined: true },
  { kind: 'bot dies', switched: true, swapped: true, quarantined: true },
  { kind: 'bot never healthy', switched: true, swapped: true, quarantined: true },
]

/** Rollouts and rollbacks with nothing else going wrong than the release itself. */
export const rollouts: readonly Check[] = [
  { name: 'a good release', run: goodRelease },
  { name: 'a good release, then another, then back by two rollbacks', run: thereAndBack },
  ...badReleases.map((bad) => ({ name: `a release of the kind "${bad.kind}"`, run: () => badRelease(bad) })),
  { name: 'a release that is never healthy, without previews', run: neverHealthyWithoutPreviews },
  { name: 'two groups and two singletons, the bots of the release die', run: twoBots },
  { name: 'a release that answers well now and then', run: flapping },
  { name: 'a build that never ends, three times', run: hangingBuild },
  { name: 'Traefik does not follow the switch', run: deafTraefik },
  { name: 'a service of the new color was running already, routed by hand a moment before', run: standbyInUse },
  { name: 'local changes that collide with the release', run: collidingTree },
  { name: 'the image of the running bot is gone', run: noWayBack },
  { name: 'the image of the new bot is pruned while the traffic is switched', run: () => prunedMeanwhile('v1.1.0') },
  { name: 'the image of the old bot is pruned while the traffic is switched', run: () => prunedMeanwhile('v1.0.0') },
  { name: 'too little space for a build', run: tooLittleSpace },
  { name: 'the steps that are told of a good release', run: stepsTold },
]

async function goodRelease(): Promise<void> {
  const world = await ready()
  const first = world.stack.effects.done.length
  const result = await apply(world, 'v1.1.0')
  must('a good release is rolled out', result.status === 'success', `it ended as ${result.status}: ${result.error}`)
  await endsWith(world, 'a good release is rolled out', { tag: 'v1.1.0', paused: false })
  const entries = await world.run(world.updater.history())
  must('I11', entries.length === 1 && entries[0]?.result.status === 'success', `the history has ${entries.length} entries`)
  must('I11', states(world, 'blue') === 'exited and exited', `the old color is ${states(world, 'blue')}`)
  const { tree } = world.stack.git
  must('the tree is brought to the release', tree.kind === 'clone' && tree.commit === commitOf('v1.1.0'), 'the project directory is not at the release')
  const bot = world.stack.effects.done.slice(first).filter(({ services, name }) => services?.join() === 'bot' && name !== 'runtime.keepImage').map(({ name }) => name.slice('runtime.'.length))
  must('I2', bot.join(', ') === 'stop, remove, tag, up', `the bot was replaced by: ${bot.join(', ')}`)
  const previous = world.updater.status().previous.map(({ tag }) => tag).join(' ')
  must('I10', previous === 'v1.0.0', `the releases that can be gone back to are: ${previous}`)
}

async function thereAndBack(): Promise<void> {
  const world = await upgraded()
  await apply(world, 'v1.2.0')
  await endsWith(world, 'a good release is rolled out', { tag: 'v1.2.0', paused: false })
  for (const tag of ['v1.1.0', 'v1.0.0']) {
    const left = world.updater.status().active?.commit
    const result = await rollback(world, tag)
    must('a rollback goes back', result.status === 'success', `it ended as ${result.status}: ${result.error}`)
    await endsWith(world, 'a rollback goes back', { tag, paused: false })
    must('I8', world.updater.status().quarantine.some(({ commit }) => commit === left), 'the release that an operator left is not quarantined')
  }
}

async function badRelease({ kind, switched, swapped, quarantined }: (typeof badReleases)[number]): Promise<void> {
  const world = await ready({ releases: { 'v1.1.0': kind } })
  const [bot] = world.stack.engine.of('bot')
  const first = world.stack.effects.done.length
  const started = await world.run(ask(world, 'v1.1.0'))
  await world.until('the failure', () => world.daemon.events.some((event) => event.kind === 'step_failed'))
  const failedAt = world.time.now
  await world.until('the old color', () => served(world) === 'blue and blue')
  must('I10', world.time.now - failedAt < 1_000, `the traffic was back after ${world.time.now - failedAt} ms`)
  const result = await toItsEnd(world, started)
  must('a bad release is undone', result.status === (switched ? 'rolled_back' : 'failed'), `it ended as ${result.status}`)
  const activated = world.stack.effects.done.slice(first).some(({ name }) => name === 'router.activate')
  must('fault 29', activated === switched, 'users were led to a release that was not proven')
  const left = world.stack.engine.of('skills-green').length
  must('R6', left === 0, `${left} containers of the failed release are left`)
  for (const service of ['skills-green', 'bot']) {
    const tagged = world.stack.images.current.get(service)?.version
    must('tag and compose file move back together', tagged === '1.0.0' || tagged === undefined, `the tag of ${service} points at ${tagged}`)
  }
  const [back] = world.stack.engine.of('bot')
  must('a bad release is undone', (back?.id === bot?.id) === !swapped, swapped ? 'the bot was not replaced' : 'the bot was touched')
  await endsWith(world, 'a bad release pauses', { tag: 'v1.0.0', paused: true })
  const { quarantine } = world.updater.status()
  must('I8', quarantine.some(({ commit }) => commit === commitOf('v1.1.0')) === quarantined, 'the bad release is not quarantined')
  await world.unpause()
  must('I8', world.updater.status().quarantine.length === quarantine.length, 'unpausing let the bad release out of quarantine')
  must('I4', !world.updater.status().paused, 'unpausing did not clear the hold')
  must('a good release is rolled out', (await apply(world, 'v1.2.0')).status === 'success', 'the next good release failed')
  await endsWith(world, 'a good release is rolled out', { tag: 'v1.2.0', paused: false })
}

async function neverHealthyWithoutPreviews(): Promise<void> {
  const world = await ready({ releases: { 'v1.1.0': 'never healthy' } })
  world.stack.hasPreviews = false
  await apply(world, 'v1.1.0')
  await endsWith(world, 'a bad release is undone', { tag: 'v1.0.0', paused: true })
}

async function twoBots(): Promise<void> {
  const world = await ready({ topology: twoOfEach, releases: { 'v1.1.0': 'bot dies' } })
  const result = await apply(world, 'v1.1.0')
  must('a bad release is undone', result.status === 'rolled_back', `it ended as ${result.status}`)
  await endsWith(world, 'a bad release is undone', { tag: 'v1.0.0', paused: true })
}

/** Well for 60 ms, ill for 700 ms: never three good answers in a row. */
async function flapping(): Promise<void> {
  const world = await ready()
  const flap = (ill: boolean): void => {
    for (const instance of world.stack.instancesOf('green')) if (instance !== undefined) instance.ill = ill
    world.time.after(ill ? 700 : 60, () => flap(!ill))
  }
  const started = await applyUpTo(world, 'v1.1.0', 'health_skills-green')
  flap(true)
  const result = await toItsEnd(world, started)
  must('fault 30', result.status === 'failed', `a release whose health flaps ended as ${result.status}`)
}

async function hangingBuild(): Promise<void> {
  const world = await ready({ releases: { 'v1.1.0': 'build hangs' } })
  for (const paused of [false, false, true]) {
    const result = await apply(world, 'v1.1.0')
    must('fault 27', result.durationSeconds < 14 * 60 + 5, `the build went on for ${result.durationSeconds} s`)
    must('I9', result.paused === paused, paused ? 'three failures in a row do not hold rollouts' : 'one failure of the surroundings holds rollouts')
  }
  await endsWith(world, 'fault 27', { tag: 'v1.0.0', paused: true })
  must('I8', world.updater.status().quarantine.length === 0, 'the surroundings\' failure quarantined the release')
}

async function deafTraefik(): Promise<void> {
  const world = await ready()
  const started = await applyUpTo(world, 'v1.1.0', 'route_switch')
  world.stack.traefik.follows = false
  const result = await world.run(started.outcome)
  must('fault 31', result.status !== 'success', 'a release that no entry point served counts as rolled out')
  await world.run(started.finished)
  await world.pass(60_000)
  const all = 'api-blue 1.0.0, api-green 1.1.0, bot 1.0.0, skills-blue 1.0.0, skills-green 1.1.0'
  must('fault 32', running(world) === all, `while Traefik was not seen to follow there ran ${running(world)}`)
  world.stack.traefik.follows = true
  await endsWith(world, 'fault 32', { tag: 'v1.0.0', paused: true })
}

async function standbyInUse(): Promise<void> {
  const world = await upgraded()
  for (const instance of world.stack.instancesOf('blue')) if (instance !== undefined) world.stack.engine.launch(instance)
  await world.pass(1_000)
  const ours = world.stack.traefik.file
  const started = await applyUpTo(world, 'v1.2.0', 'docker_build')
  await world.pass(1_850)
  await disturbing(world, async () => {
    routeByHand(world, 'blue')
    await world.pass(140)
    world.stack.traefik.replaced(ours)
    await world.pass(100)
  })
  must('a good release is rolled out', (await toItsEnd(world, started)).status === 'success', 'a standby that ran kept a release away')
}

async function collidingTree(): Promise<void> {
  const world = await ready()
  world.stack.git.conflicts = ['docker-compose.yml']
  const result = await apply(world, 'v1.1.0')
  must('local changes are found before anything is started', result.status === 'failed' && !result.stepsCompleted.includes('docker_build'), `it got as far as ${result.stepsCompleted.at(-1)}`)
  await endsWith(world, 'local changes are found before anything is started', { tag: 'v1.0.0' })
}

async function noWayBack(): Promise<void> {
  const world = await ready()
  const first = world.stack.effects.done.length
  world.stack.images.ofRelease.delete(`bot@${commitOf('v1.0.0')}`)
  const [bot] = world.stack.engine.of('bot')
  await apply(world, 'v1.1.0')
  must('fault 28', bot?.state === 'running' && world.stack.engine.of('bot').length === 1 && world.stack.engine.of('bot')[0] === bot, 'a bot that could not be started again was stopped')
  must('fault 28', world.stack.effects.done.slice(first).every(({ name }) => name !== 'router.activate'), 'the traffic was moved although there is no way back')
}

async function prunedMeanwhile(pruned: string): Promise<void> {
  const world = await ready()
  const [bot] = world.stack.engine.of('bot')
  const started = await applyUpTo(world, 'v1.1.0', 'health_routed_skills')
  world.stack.images.ofRelease.delete(`bot@${commitOf(pruned)}`)
  await toItsEnd(world, started)
  must('fault 28', world.stack.engine.of('bot')[0] === bot && bot?.run === 1, `the bot was stopped although the image of ${pruned} is gone`)
  await endsWith(world, 'fault 28', { tag: 'v1.0.0' })
}

async function tooLittleSpace(): Promise<void> {
  const world = await upgraded()
  world.stack.freeBytes = 1_000
  const result = await apply(world, 'v1.2.0')
  must('fault 11', result.status === 'failed' && !result.stepsCompleted.includes('docker_build'), 'a build was begun without the space for it')
}

async function stepsTold(): Promise<void> {
  const world = await upgraded()
  const [entry] = await world.run(world.updater.history())
  const told = entry?.result.stepsCompleted.join(' ')
  must('I11', told === planOf(usual, 'green').join(' '), `the steps that are told are ${told}`)
}
