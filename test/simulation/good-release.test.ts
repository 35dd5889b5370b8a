import { expect, test } from 'vitest'
import type { Topology } from '../../src/rollout/topology.ts'
import { settle } from './at-rest.ts'
import { apply, ask } from './operator.ts'
import { commitOf } from './world/releases.ts'
import { noGroups, noSingletons, nothingAtAll, twoOfEach, usual } from './world/topologies.ts'
import { World } from './world/world.ts'

const before = ['git_fetch_tags', 'git_checkout_tag', 'preflight', 'docker_build']
const skills = ['start_skills-green', 'health_skills-green']
const api = ['start_api-green', 'health_api-green']
const afterwards = ['drain', 'stop_old_color', 'update_tree']

const cases: readonly (readonly [string, Topology, readonly string[], readonly string[]])[] = [
  ['two groups and a bot', usual, [
    ...before, ...skills, ...api, 'health_preview_skills', 'health_preview_api',
    'route_switch', 'health_routed_skills', 'health_routed_api', 'restart_bot', 'health_bot', 'commit',
  ], afterwards],
  ['two groups and two singletons', twoOfEach, [
    ...before, ...skills, ...api, 'health_preview_skills', 'health_preview_api',
    'route_switch', 'health_routed_skills', 'health_routed_api', 'restart_bot', 'health_bot', 'restart_mailer', 'health_mailer', 'commit',
  ], afterwards],
  ['one group and no singleton', noSingletons, [
    ...before, ...skills, 'health_preview_skills', 'route_switch', 'health_routed_skills', 'commit',
  ], afterwards],
  ['a bot alone', noGroups, [...before, 'restart_bot', 'health_bot', 'commit'], ['update_tree']],
  ['nothing at all', nothingAtAll, [...before, 'commit'], ['update_tree']],
]

test.each(cases)('a good release of %s goes through its steps in the contract\'s order', async (_name, topology, upToCommit, afterCommit) => {
  const world = new World({ topology, releases: { 'v1.1.0': 'good' } })
  await world.start()
  const started = await world.run(ask(world, 'v1.1.0'))
  const result = await world.run(started.outcome)
  expect(result).toMatchObject({
    // Where nothing runs nobody can tell what ran before.
    status: 'success', previousSha: topology === nothingAtAll ? null : commitOf('v1.0.0'), newSha: commitOf('v1.1.0'), activeColor: 'green', targetColor: 'green',
    paused: false, pauseReason: null, error: null, warnings: [],
  })
  expect(result.stepsCompleted).toEqual(upToCommit)
  expect(world.updater.status().state).toBe('updating')

  await world.run(started.finished)
  await settle(world)
  const [entry, ...more] = await world.run(world.updater.history())
  expect(more).toEqual([])
  expect(entry).toMatchObject({ tag: 'v1.1.0', version: '1.1.0', result: { status: 'success' } })
  expect(entry?.result.stepsCompleted).toEqual([...upToCommit, ...afterCommit])
  expect(world.updater.status()).toMatchObject({ state: 'idle', activeColor: 'green', lastGoodTag: 'v1.1.0', active: { tag: 'v1.1.0' }, previous: [{}] })
  expect(world.stack.git.tree).toMatchObject({ commit: commitOf('v1.1.0') })
})

test('the caller is answered while the old color still runs, so that the old color may be the caller', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  const started = await world.run(ask(world, 'v1.1.0'))
  await world.run(started.outcome)
  expect(world.stack.instancesOf('blue').map((instance) => instance?.state)).toEqual(['running', 'running'])
  await world.run(started.finished)
  expect(world.stack.instancesOf('blue').map((instance) => instance?.state)).toEqual(['exited', 'exited'])
})

test('one release after the other goes to and fro between the colors', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good', 'v1.2.0': 'good', 'v1.3.0': 'good', 'v1.4.0': 'good' } })
  await world.start()
  const colors: string[] = []
  for (const tag of ['v1.1.0', 'v1.2.0', 'v1.3.0', 'v1.4.0']) {
    colors.push((await apply(world, tag)).activeColor)
    await settle(world)
  }
  expect(colors).toEqual(['green', 'blue', 'green', 'blue'])
  expect(world.updater.status().previous.map(({ tag }) => tag)).toEqual(['v1.3.0', 'v1.2.0'])
  // What is no longer needed is gone; what a rollback to the previous ones needs is there.
  expect([...world.stack.git.checkouts].toSorted()).toEqual(['v1.2.0', 'v1.3.0', 'v1.4.0'].map(commitOf))
  expect(world.stack.images.kept.size).toBe(0)
})

test('an installation without previews is told so, and goes on', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  world.stack.hasPreviews = false
  await world.start()
  const result = await apply(world, 'v1.1.0')
  expect(result.status).toBe('success')
  expect(result.warnings).toEqual([expect.stringContaining('skills was not checked through Traefik'), expect.stringContaining('api was not checked')])
  expect(result.stepsCompleted).not.toContain('health_preview_skills')
})

test('a Traefik of the predecessor\'s, without the internal entry point, is told so and what to do, and the rollout goes on', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good', 'v1.2.0': 'good' } })
  world.stack.traefik.listensInternally = false
  await world.start()
  const result = await apply(world, 'v1.1.0')
  expect(result.status).toBe('success')
  expect(result.warnings).toEqual(['skills', 'api'].map((group) => expect.stringMatching(new RegExp(`^${group} was not checked through Traefik.*Restart it once`))))
  expect(result.stepsCompleted).not.toContain('health_preview_skills')

  world.stack.traefik.listensInternally = true
  const next = await apply(world, 'v1.2.0')
  expect(next).toMatchObject({ status: 'success', warnings: [] })
  expect(next.stepsCompleted).toContain('health_preview_skills')
})

test('a Traefik that refuses every connection is not taken for one without previews', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  world.stack.traefik.down = true
  const result = await apply(world, 'v1.1.0')
  expect(result).toMatchObject({ status: 'failed', error: expect.stringMatching(/preview of .*limits\.previewHealth.*refused/) })
})

test('a project directory that is no clone of the releases is left as it is', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  world.stack.git.makeForeign('it is no git repository')
  await world.start()
  expect((await apply(world, 'v1.1.0')).status).toBe('success')
  const [entry] = await world.run(world.updater.history())
  expect(entry?.result.stepsCompleted).not.toContain('update_tree')
  expect(entry?.result.warnings).toEqual([])
})

test('a bot without a health check counts as healthy after ten seconds without a restart', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  world.stack.engine.singletonsHaveHealthCheck = false
  await world.start()
  expect((await apply(world, 'v1.1.0')).status).toBe('success')
  const completed = world.daemon.events.find((event) => event.kind === 'step_completed' && event.step === 'health_bot')
  expect(completed?.durationMs).toBeGreaterThanOrEqual(10_000)
  expect(completed?.durationMs).toBeLessThan(11_000)
})

test('a color that cannot be stopped does not undo a release that serves well; it is told, and tried again', async () => {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  let refused = 0
  world.stack.effects.interference = (effect, run) => {
    if (effect.name !== 'runtime.stop' || effect.services?.[0] !== 'skills-blue' || refused === 2) return run()
    refused += 1
    return Promise.reject(new Error('the engine will not'))
  }
  const result = await apply(world, 'v1.1.0')
  expect(result.status).toBe('success')
  await settle(world)
  expect(refused).toBe(2)
  const [entry] = await world.run(world.updater.history())
  expect(entry?.result).toMatchObject({ status: 'success', paused: false, warnings: [expect.stringContaining('old color')] })
  expect(world.stack.instancesOf('blue').map((instance) => instance?.state)).toEqual(['exited', 'exited'])
})
