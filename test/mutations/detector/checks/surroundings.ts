import { UpdaterError } from '../../../../src/rollout/errors.ts'
import { settle } from '../../../simulation/at-rest.ts'
import { always, faults, once, type Interference } from '../../../simulation/world/effects.ts'
import type { ReleaseKind } from '../../../simulation/world/releases.ts'
import { must, type Check } from '../check.ts'
import { apply, applyUpTo, ask, checkNumbers, endsWith, ready, running, served } from '../operations.ts'

/** Disk, engine and lock go wrong in a rollout. */
export const surroundings: readonly Check[] = [
  { name: 'one write of the record fails in a build', run: oneWriteFails },
  { name: 'a stop of the bot that is never answered', run: hangingStop },
  { name: 'a history that cannot be written', run: noHistory },
  { name: 'a state disk that is full from the switch on, and a release that is broken when routed', run: fullDisk },
  { name: 'a state disk that is full while the bot is replaced, and a bot that dies', run: fullDiskWhileSwapping },
  { name: 'a commit that is on a disk that then takes nothing', run: () => undetermined(true, 'v1.1.0') },
  { name: 'a commit that is not on a disk that then takes nothing', run: () => undetermined(false, 'v1.0.0') },
  { name: 'an engine that hangs when the routed gate refuses', run: hangingEngine },
  { name: 'the lock is lost in a build', run: lostInBuild },
  { name: 'the lock is lost at any effect of a good release', run: () => lostLock('good') },
  { name: 'the lock is lost at any effect of a release whose bot dies', run: () => lostLock('bot dies') },
]

async function oneWriteFails(): Promise<void> {
  const world = await ready()
  const first = world.stack.effects.done.length
  world.stack.effects.interference = once('fails', ({ record }) => record?.operation?.step === 'docker_build')
  await apply(world, 'v1.1.0')
  checkNumbers(world.stack.effects.done.slice(first))
  await endsWith(world, 'fault 12', { tag: 'v1.0.0', paused: true })
}

async function hangingStop(): Promise<void> {
  const world = await ready()
  world.stack.effects.interference = once('hangs', ({ name, services }) => name === 'runtime.stop' && services?.join() === 'bot')
  await apply(world, 'v1.1.0')
  await endsWith(world, 'fault 22', { tag: 'v1.0.0', paused: true })
}

async function noHistory(): Promise<void> {
  const world = await ready()
  world.stack.effects.interference = always('fails', ({ name }) => name === 'history.append')
  const { status, error } = await apply(world, 'v1.1.0')
  must('fault 44', status === 'success', `without a history a good release ended as ${status}: ${error}`)
  await endsWith(world, 'fault 44', { tag: 'v1.1.0', paused: false })
}

async function fullDisk(): Promise<void> {
  const world = await ready({ releases: { 'v1.1.0': 'broken when routed' } })
  const started = await applyUpTo(world, 'v1.1.0', 'health_routed_skills')
  world.stack.effects.interference = nothingWritten
  await world.run(started.finished)
  await world.pass(30_000)
  must('I10', served(world) === 'blue and blue', `on a full disk ${served(world)} serve`)
  must('I11', world.updater.status().paused, 'nothing holds rollouts')
  world.stack.effects.interference = undisturbed
  await endsWith(world, 'fault 11', { tag: 'v1.0.0', paused: true })
}

async function fullDiskWhileSwapping(): Promise<void> {
  const world = await ready({ releases: { 'v1.1.0': 'bot dies' } })
  const started = await applyUpTo(world, 'v1.1.0', 'health_bot')
  world.stack.effects.interference = nothingWritten
  await world.run(started.finished)
  await world.pass(10_000)
  must('I10', running(world).includes('bot 1.0.0'), `on a full disk there run ${running(world)}`)
  world.stack.effects.interference = undisturbed
  await endsWith(world, 'fault 11', { tag: 'v1.0.0', paused: true })
}

/** Nothing may be stopped until it is known which of the two is on the disk; a daemon that starts believes the disk. */
async function undetermined(landed: boolean, ends: string): Promise<void> {
  for (const killed of [false, true]) {
    const world = await ready()
    world.stack.effects.interference = dyingDisk(landed)
    const started = await world.run(ask(world, 'v1.1.0'))
    await world.run(started.outcome)
    await world.run(started.finished)
    await world.pass(60_000)
    const all = 'api-blue 1.0.0, api-green 1.1.0, bot 1.1.0, skills-blue 1.0.0, skills-green 1.1.0'
    must('I3', running(world) === all, `with the commit undetermined there run ${running(world)}`)
    must('I10', served(world) === 'blue and blue', `with the commit undetermined ${served(world)} serve`)
    if (killed) world.daemon.life.end()
    world.stack.effects.interference = undisturbed
    if (killed) await world.start()
    await endsWith(world, 'I3', { tag: killed ? ends : 'v1.0.0' })
  }
}

async function hangingEngine(): Promise<void> {
  const world = await ready({ releases: { 'v1.1.0': 'broken when routed' } })
  const started = await applyUpTo(world, 'v1.1.0', 'health_routed_skills')
  world.stack.engine.hangs = true
  await world.until('the failure', () => world.daemon.events.some(({ kind }) => kind === 'step_failed'))
  const failedAt = world.time.now
  await world.until('the way back', () => served(world) === 'blue and blue')
  must('I10', world.time.now - failedAt < 1_000, `the traffic was back after ${world.time.now - failedAt} ms`)
  await world.run(started.finished)
  world.stack.engine.hangs = false
  await endsWith(world, 'fault 22', { tag: 'v1.0.0', paused: true })
}

async function lostInBuild(): Promise<void> {
  const world = await ready()
  const started = await applyUpTo(world, 'v1.1.0', 'docker_build')
  world.hasAuthority = false
  await world.drive(started.finished)
  must('I5', world.daemon.life.dead, 'a daemon that lost its lock goes on')
}

/** From the moment at which the lock is lost nothing is asked of engine and routes any more. */
async function lostLock(kind: ReleaseKind): Promise<void> {
  for (let at = 0; ; at += 1) {
    const world = await ready({ releases: { 'v1.1.0': kind } })
    const { effects } = world.stack
    const first = effects.done.length
    let lost = 0
    effects.interference = async (effect, run) => {
      const answer = await run()
      if (effect.index === first + at) {
        world.hasAuthority = false
        lost = effects.done.length
      }
      return answer
    }
    const started = await world.run(ask(world, 'v1.1.0'))
    await world.drive(started.finished)
    if (world.hasAuthority) return
    await world.drive(world.time.pause(60_000))
    const later = effects.done.slice(lost).filter(({ name }) => name.startsWith('runtime.') || name === 'router.activate')
    must('I5', later.length === 0, `the lock was lost at ${effects.done[first + at]?.name}, and ${later[0]?.name} came after`)
    world.daemon.life.end()
    world.hasAuthority = true
    effects.interference = undisturbed
    await world.start()
    await settle(world)
  }
}

/** The commit's write reaches the disk or not, but is reported as failed; from then on the disk takes nothing. */
function dyingDisk(landed: boolean): Interference {
  let died = false
  return (effect, run) => {
    if (effect.name !== 'store.write') return run()
    const commit = !died && effect.record?.operation?.phase === 'retiring'
    died ||= commit
    if (!died) return run()
    return commit && landed ? faults['takes effect but fails'](effect, run) : faults['fails'](effect)
  }
}

/** No write reaches the state disk; renames do. */
function nothingWritten<T>(effect: { readonly name: string }, run: () => Promise<T>): Promise<T> {
  const writes = ['store.write', 'history.append', 'router.stage']
  return writes.includes(effect.name) ? Promise.reject(new UpdaterError('storage_failed', 'ENOSPC: no space left on device')) : run()
}

function undisturbed<T>(_effect: unknown, run: () => Promise<T>): Promise<T> {
  return run()
}
