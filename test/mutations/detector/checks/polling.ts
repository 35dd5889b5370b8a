import { createPolling, type Polling } from '../../../../src/polling/polling.ts'
import { commitOf } from '../../../simulation/world/releases.ts'
import type { World } from '../../../simulation/world/world.ts'
import { must, type Check } from '../check.ts'
import { apply, codeOf, endsWith, ready, rollback, toItsEnd, upgraded } from '../operations.ts'

/** What polling takes on, and what it leaves alone. */
export const polling: readonly Check[] = [
  { name: 'polling finds a newer release', run: newer },
  { name: 'polling finds the release that failed', run: quarantined },
  { name: 'polling finds the release that an operator left', run: rolledBackFrom },
  { name: 'polling finds a newer release that waits for approval', run: waiting },
  { name: 'polling sees the running release\'s tag moved', run: moved },
  { name: 'an apply of a tag that moved', run: movedTag },
  { name: 'the tag that polling chose moves to a quarantined commit', run: movedToQuarantine },
]

async function newer(): Promise<void> {
  const world = await ready()
  await lookAndFinish(world)
  await endsWith(world, 'polling takes the highest release', { tag: 'v1.2.0', paused: false })
}

async function quarantined(): Promise<void> {
  const world = await ready({ releases: { 'v1.2.0': 'bot dies' } })
  await apply(world, 'v1.2.0')
  await world.unpause()
  const first = world.stack.effects.done.length
  const before = world.updater.status().lastResult
  await lookAndFinish(world)
  const built = world.stack.effects.done.slice(first).some(({ name }) => name === 'runtime.build')
  must('I8', !built, 'polling began a rollout although the highest release is quarantined')
  must('I8', world.updater.status().lastResult?.operationId === before?.operationId, 'polling asks for what is quarantined at each look, and fills the history')
  await endsWith(world, 'I8', { tag: 'v1.0.0', paused: false })
}

async function rolledBackFrom(): Promise<void> {
  const world = await upgraded()
  await apply(world, 'v1.2.0')
  await rollback(world, 'v1.1.0')
  await lookAndFinish(world)
  await endsWith(world, 'I8', { tag: 'v1.1.0', paused: false })
}

async function waiting(): Promise<void> {
  const world = await ready()
  await lookAndFinish(world, true)
  await endsWith(world, 'a found release waits for approval', { tag: 'v1.0.0', paused: false })
}

async function moved(): Promise<void> {
  const world = await upgraded()
  world.stack.git.remoteTags.set('v1.1.0', commitOf('another'))
  await lookAndFinish(world)
  await endsWith(world, 'fault 39', { tag: 'v1.1.0', paused: true })
}

async function movedTag(): Promise<void> {
  const world = await ready({ releases: { 'v1.1.0': 'does not build' }, policy: { pauseOnFailure: false } })
  await apply(world, 'v1.1.0')
  world.stack.git.remoteTags.set('v1.1.0', commitOf('another'))
  const result = await apply(world, 'v1.1.0')
  must('fault 39', result.status === 'failed' && result.error?.includes('named') === true, 'a tag that moved was taken on')
  await endsWith(world, 'fault 39', { tag: 'v1.0.0', paused: false })
  must('an unknown tag is refused', (await codeOf(world, apply(world, 'v9.9.9'))) === 'unknown_tag', 'a tag that nobody knows was taken on')
}

async function movedToQuarantine(): Promise<void> {
  const world = await ready({ releases: { 'v1.1.0': 'bot dies' } })
  await apply(world, 'v1.1.0')
  await world.unpause()
  world.stack.git.publish('v1.2.0', commitOf('v1.1.0'))
  const result = await toItsEnd(world, await world.run(world.updater.apply({ tag: 'v1.2.0', version: '1.2.0', origin: 'polling' })))
  must('I8', result.status === 'failed' && result.stepsCompleted.length === 0, 'polling began a rollout of a quarantined commit')
  await endsWith(world, 'I8', { tag: 'v1.0.0', paused: false })
}

/** One look at the remote, and whatever it begins to its end. */
async function lookAndFinish(world: World, requireApproval = false): Promise<void> {
  const { stack, daemon } = world
  const polling: Polling = createPolling({
    source: { listTags: () => Promise.resolve([...stack.git.remoteTags].map(([tag, commit]) => ({ tag, commit }))) },
    updater: daemon.updater,
    schedule: { kind: 'every', milliseconds: 60_000 },
    enabled: true,
    requireApproval,
    lookLimit: 1_000,
    clock: daemon.life.clock,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    inspectTags: (tags) => daemon.updater.inspectTags(tags),
    onChecked: (at) => daemon.updater.checked(at),
  })
  await world.run(polling.look(new AbortController().signal))
  await world.until('the end of what polling began', () => world.updater.status().state === 'idle')
}
