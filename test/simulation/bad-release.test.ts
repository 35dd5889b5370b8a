import { describe, expect, test } from 'vitest'
import { settle } from './at-rest.ts'
import { apply, ask } from './operator.ts'
import { commitOf, type ReleaseKind } from './world/releases.ts'
import { twoOfEach } from './world/topologies.ts'
import { World } from './world/world.ts'

interface Expected {
  readonly kind: ReleaseKind
  readonly status: 'failed' | 'rolled_back'
  readonly error: RegExp
  readonly lastStep: string
  /** Whether the bot was touched. */
  readonly swapped: boolean
}

const cases: readonly Expected[] = [
  { kind: 'preflight refuses', status: 'failed', error: /NOBODY_SETS_THIS/, lastStep: 'git_checkout_tag', swapped: false },
  { kind: 'does not build', status: 'failed', error: /build of .* failed/, lastStep: 'preflight', swapped: false },
  { kind: 'never healthy', status: 'failed', error: /-green, asked directly, was not accepted within 90 s \(limits\.directHealth\).*503/, lastStep: 'start_api-green', swapped: false },
  { kind: 'exits', status: 'failed', error: /-green (keeps restarting|exited)[^]*the database is not there/, lastStep: 'start_api-green', swapped: false },
  { kind: 'broken through Traefik', status: 'failed', error: /preview of .*limits\.previewHealth.*502/, lastStep: 'health_api-green', swapped: false },
  { kind: 'broken when routed', status: 'rolled_back', error: /through Traefik was not accepted within 30 s \(limits\.routedHealth\).*502/, lastStep: 'route_switch', swapped: false },
  { kind: 'bot dies', status: 'rolled_back', error: /bot (keeps restarting|exited)[^]*the database is not there/, lastStep: 'restart_bot', swapped: true },
  { kind: 'bot never healthy', status: 'rolled_back', error: /bot was not healthy within 120 s \(limits\.singletonHealth\)/, lastStep: 'restart_bot', swapped: true },
]

describe.each(cases)('a release of the kind "$kind"', ({ kind, status, error, lastStep, swapped }) => {
  test('is taken away again, quarantined, and rollouts are paused; the next good one goes through after unpausing', async () => {
    const world = new World({ releases: { 'v1.1.0': kind, 'v1.2.0': 'good' } })
    await world.start()
    const [oldBot] = world.stack.engine.of('bot')
    const result = await apply(world, 'v1.1.0')
    expect(result).toMatchObject({
      status, activeColor: 'blue', targetColor: 'green', previousSha: commitOf('v1.0.0'), newSha: commitOf('v1.1.0'), paused: true,
      pauseReason: expect.stringContaining('v1.1.0'), error: expect.stringMatching(error),
    })
    expect(result.stepsCompleted.at(-1)).toBe(lastStep)
    await settle(world)

    const [bot] = world.stack.engine.of('bot')
    expect(bot?.image.commit).toBe(commitOf('v1.0.0'))
    expect(bot?.id === oldBot?.id).toBe(!swapped)
    expect(world.stack.engine.of('skills-green')).toEqual([])
    expect(world.updater.status()).toMatchObject({
      state: 'idle', paused: true, active: { tag: 'v1.0.0' }, lastAttemptedTag: 'v1.1.0', lastGoodTag: null, lastSuccessAt: null,
      quarantine: [{ commit: commitOf('v1.1.0') }], lastResult: { status },
    })
    expect(world.updater.status().lastFailureAt).not.toBeNull()
    expect(await world.run(world.updater.history())).toMatchObject([{ tag: 'v1.1.0', result: { status } }])

    expect(await world.drive(ask(world, 'v1.2.0'))).toMatchObject({ kind: 'error', error: { code: 'paused', message: expect.stringContaining('paused') } })
    expect(await world.unpause()).toMatchObject({ kind: 'value' })
    expect(world.updater.status()).toMatchObject({ paused: false, quarantine: [{ commit: commitOf('v1.1.0') }] })
    expect((await apply(world, 'v1.2.0')).status).toBe('success')
    await settle(world)
  })
})

test('with pausing on failure switched off, a bad release is quarantined and nothing is paused', async () => {
  const world = new World({ releases: { 'v1.1.0': 'bot dies' }, policy: { pauseOnFailure: false } })
  await world.start()
  expect(await apply(world, 'v1.1.0')).toMatchObject({ status: 'rolled_back', paused: false })
  expect(world.updater.status()).toMatchObject({ paused: false, quarantine: [{ tag: 'v1.1.0' }] })
})

test('fault 27: a build that never ends is ended by the budget before the switch, and held against nobody until it happened three times', async () => {
  const world = new World({ releases: { 'v1.1.0': 'build hangs' } })
  await world.start()
  for (const paused of [false, false, true]) {
    const result = await apply(world, 'v1.1.0')
    expect(result).toMatchObject({ status: 'failed', error: expect.stringContaining('limits.beforeSwitch'), paused })
    expect(result.durationSeconds).toBeLessThan(14 * 60 + 5)
  }
  expect(world.updater.status().quarantine).toEqual([])
  await settle(world)
})

test('with two singletons both are the old ones again', async () => {
  const world = new World({ topology: twoOfEach, releases: { 'v1.1.0': 'bot dies' } })
  await world.start()
  expect((await apply(world, 'v1.1.0')).status).toBe('rolled_back')
  await settle(world)
})

test('the second of two singletons cannot be created: both are the old ones again', async () => {
  const world = new World({ topology: twoOfEach, releases: { 'v1.1.0': 'good' } })
  await world.start()
  world.stack.effects.interference = (effect, run) => (effect.name === 'runtime.up' && effect.services?.[0] === 'mailer' && effect.commit === commitOf('v1.1.0')
    ? Promise.reject(new Error('a volume is missing'))
    : run())
  expect(await apply(world, 'v1.1.0')).toMatchObject({ status: 'rolled_back', error: 'a volume is missing' })
  await settle(world)
  expect([...world.stack.engine.of('bot'), ...world.stack.engine.of('mailer')].map(({ image }) => image.commit)).toEqual([commitOf('v1.0.0'), commitOf('v1.0.0')])
})

test('the traffic is back on the old release within a second of the failure', async () => {
  const world = new World({ releases: { 'v1.1.0': 'bot dies' } })
  await world.start()
  const started = await world.run(ask(world, 'v1.1.0'))
  await world.until('the failure', () => world.daemon.events.some(({ kind }) => kind === 'step_failed'))
  const failedAt = world.time.now
  await world.until('the old color on every entry point', () => world.stack.publicEntryPoints.every((name) => world.stack.traefik.at(name)?.active === 'blue'))
  expect(world.time.now - failedAt).toBeLessThan(1_000)
  await world.run(started.finished)
})
