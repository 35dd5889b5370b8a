import { describe, expect, test } from 'vitest'
import { settle } from './at-rest.ts'
import { apply, applyUpTo, ask } from './operator.ts'
import { once } from './world/effects.ts'
import { operatorDown, operatorStop, operatorUp } from './world/operator-compose.ts'
import { dockerPruneImages, dockerRemove, dockerRemoveImage, dockerStop, type Command } from './world/operator-docker.ts'
import { killEngine, reboot, restartEngine } from './world/operator-host.ts'
import { crashLandsLate, isWorkOfAChild } from './world/operator-orphans.ts'
import { editFile, gitPull } from './world/operator-tree.ts'
import { commitOf, type ReleaseKind } from './world/releases.ts'
import type { Stack } from './world/stack.ts'
import { watchInterval, World } from './world/world.ts'

/** What others break is restored within a look of the watch and the time that starting takes. */
const restored = watchInterval + 2_000

/** v1.1.0 serves on green, v1.2.0 is there to be had, and the daemon is a new one. */
async function upgraded(kinds: Readonly<Record<string, ReleaseKind>> = { 'v1.1.0': 'good', 'v1.2.0': 'good' }): Promise<World> {
  const world = new World({ releases: kinds })
  await world.start()
  expect((await apply(world, 'v1.1.0')).status).toBe('success')
  await world.restart()
  await settle(world)
  return world
}

function serves({ stack }: World): boolean {
  const bots = stack.engine.of('bot')
  return stack.isColorHealthy('green') && bots.length === 1 && bots.every((bot) => stack.engine.isHealthy(bot))
}

const breaks: readonly (readonly [string, (stack: Stack) => Command])[] = [
  ['docker stop of the bot', (stack) => dockerStop(stack, 'bot')],
  ['docker compose stop of the bot', (stack) => operatorStop(stack, 'bot')],
  ['docker rm -f of the bot', (stack) => dockerRemove(stack, 'bot')],
  ['docker stop of the active color', (stack) => dockerStop(stack, 'skills-green')],
  ['docker rm -f of the active color', (stack) => dockerRemove(stack, 'api-green')],
  ['docker compose down', (stack) => operatorDown(stack)],
]

test.each(breaks)('fault 25: %s is made good within ten seconds', async (_name, breaking) => {
  const world = await upgraded()
  world.disturbed = true
  expect(await world.run(breaking(world.stack))).toBeNull()
  expect(serves(world)).toBe(false)
  await world.until('it serves again', () => serves(world), restored)
  world.disturbed = false
  await settle(world)
  expect(world.updater.status()).toMatchObject({ paused: false, active: { tag: 'v1.1.0' } })
})

test.each([
  ['the host is booted again', reboot],
  ['the engine is restarted', restartEngine],
  ['the engine is killed and comes back with nothing started', killEngine],
])('fault 26: %s: the routed color and one bot are up within ten seconds', async (_name, falling) => {
  const world = await upgraded()
  world.disturbed = true
  const fallen = falling(world.stack, () => world.daemon.life.end())
  await world.drive(fallen)
  while (world.stack.engine.fault !== null || world.stack.traefik.down) {
    if (!world.time.advance()) throw new Error('the host never comes back')
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
  await world.start()
  await world.until('it serves again', () => serves(world), restored)
  world.disturbed = false
  await settle(world)
  expect(world.updater.status()).toMatchObject({ paused: false, active: { tag: 'v1.1.0' } })
})

test('fault 28: an image that somebody removes after its build is missed before anything is stopped', async () => {
  const world = await upgraded()
  const before = world.stack.engine.instances.map(({ id, run }) => `${id} ${run}`)
  world.stack.effects.interference = async (effect, run) => {
    const answer = await run()
    if (effect.name === 'runtime.build') await dockerRemoveImage(world.stack, 'bot', commitOf('v1.2.0'))
    return answer
  }
  const result = await apply(world, 'v1.2.0')
  expect(result).toMatchObject({ status: expect.stringMatching(/failed|rolled_back/), error: expect.stringContaining('image'), activeColor: 'green' })
  await settle(world)
  expect(world.stack.engine.of('bot').map(({ id, run }) => `${id} ${run}`).every((bot) => before.includes(bot))).toBe(true)
})

test('fault 28: the old bot\'s image, pruned after a kill had left it without a container, is missed by its name; loaded again, it brings the bot back', async () => {
  const world = await upgraded()
  const { engine, images } = world.stack
  world.stack.effects.interference = once('crash after', ({ name, services }) => name === 'runtime.remove' && services?.includes('bot') === true)
  await world.drive(ask(world, 'v1.2.0').then(({ finished }) => finished))
  const saved = images.get('bot', commitOf('v1.1.0'))
  world.disturbed = true
  const pruned = dockerPruneImages(world.stack)
  await world.pass(100)
  expect(await pruned).toBeNull()
  await world.start()
  await world.pass(60_000)
  expect(engine.of('bot')).toEqual([])
  expect(world.updater.status().findings.join(' ')).toContain(`The image of bot of v1.1.0, which is to come back, is gone, so that no container can be created. Load it again by its name of ${commitOf('v1.1.0').slice(0, 12)}`)
  expect(world.stack.publicEntryPoints.map((name) => world.stack.traefik.at(name)?.active)).toEqual(['green', 'green'])

  if (saved !== undefined) images.name('bot', commitOf('v1.1.0'), saved)
  await settle(world)
  expect(serves(world)).toBe(true)
})

test('fault 37: a bot that ignores SIGTERM is killed at its limit, and the next one starts only then', async () => {
  const world = await upgraded({ 'v1.1.0': 'ignores SIGTERM', 'v1.2.0': 'good' })
  const [old] = world.stack.engine.of('bot')
  const started = await applyUpTo(world, 'v1.2.0', 'restart_bot')
  const asked = world.time.now
  await world.until('the next bot', () => world.stack.engine.of('bot').some((bot) => bot !== old), 120_000)
  expect(world.time.now - asked).toBeGreaterThanOrEqual(world.settings.limits.stop)
  expect(old).toMatchObject({ state: 'exited', exitCode: 137 })
  expect(world.stack.engine.of('bot')).not.toContain(old)
  expect((await world.run(started.outcome)).status).toBe('success')
  await settle(world)
})

test('R17: `docker compose up -d` starts the standby as well; it ends after its grace and the bot is left alone', async () => {
  const world = await upgraded()
  const bots = world.stack.engine.of('bot')
  expect(await world.run(operatorUp(world.stack))).toBeNull()
  expect(world.stack.instancesOf('blue').map((instance) => instance?.state)).toEqual(['running', 'running'])
  await world.pass(world.settings.policy.standbyGrace + 2 * watchInterval)
  expect(world.stack.instancesOf('blue').map((instance) => instance?.state)).toEqual(['exited', 'exited'])
  expect(world.stack.engine.of('bot')).toEqual(bots)
  await settle(world)
})

describe('the operator\'s tree', () => {
  test('pulled to a newer commit in the middle of a rollout, it is brought to the release after the commit point', async () => {
    const world = await upgraded()
    const started = await applyUpTo(world, 'v1.2.0', 'docker_build')
    expect(await world.run(gitPull(world.stack))).toBeNull()
    await world.run(started.finished)
    expect(world.stack.git.tree).toMatchObject({ commit: commitOf('v1.2.0'), clean: true })
    await settle(world)
  })

  test('keeps what an operator edits in a rollout, and says that it was in the way', async () => {
    const world = await upgraded()
    const started = await applyUpTo(world, 'v1.2.0', 'route_switch')
    await editFile(world.stack, 'docker-compose.yml', 'mine')
    await world.run(started.finished)
    expect(world.stack.git.read('docker-compose.yml')).toBe('mine')
    const [, entry] = await world.run(world.updater.history())
    expect(entry?.result).toMatchObject({ status: 'success', warnings: [expect.stringContaining('docker-compose.yml')] })
  })
})

test('fault 38: a remote that is away changes nothing and never pauses', async () => {
  const world = await upgraded()
  world.stack.git.remoteFault = 'Could not resolve host'
  for (let attempt = 0; attempt < 4; attempt += 1) expect(await apply(world, 'v1.2.0')).toMatchObject({ status: 'failed', paused: false, activeColor: 'green' })
  world.stack.git.remoteFault = null
  expect((await apply(world, 'v1.2.0')).status).toBe('success')
})

test('fault 40: a hostile tag on the remote reaches no command', async () => {
  const world = await upgraded()
  world.stack.git.publish('v9.0.0; id', 'd'.repeat(40))
  const asked = await world.drive(ask(world, 'v9.0.0; id'))
  const outcome = asked.kind === 'value' ? await world.drive(asked.value.outcome) : asked
  expect(JSON.stringify(outcome.kind === 'value' ? outcome.value : String(outcome.kind === 'error' ? outcome.error : ''))).toContain('tag')
  expect(world.stack.git.mirror.has('d'.repeat(40))).toBe(false)
  await settle(world)
})

test('fault 31: answers that have lost their stamp on the way prove nothing: the traffic stays where it is', async () => {
  const world = await upgraded()
  world.stack.losesStamps = true
  const result = await apply(world, 'v1.2.0')
  expect(result.status).not.toBe('success')
  expect(world.stack.routed).toBe('green')
  world.stack.losesStamps = false
  await settle(world)
  expect(world.updater.status()).toMatchObject({ activeColor: 'green', active: { tag: 'v1.1.0' } })
})

describe('fault 2: a child that outlives its killed daemon', () => {
  test.each([100, 1_500, 8_000, 40_000])('lands %d ms later, whatever came since: the rules hold and all comes to rest', async (late) => {
    const whole = await upgraded()
    const first = whole.stack.effects.done.length
    await apply(whole, 'v1.2.0')
    const children = whole.stack.effects.done.slice(first).filter(isWorkOfAChild)
    expect(children.map(({ name }) => name)).toEqual(['source.fetch', 'source.checkout', 'runtime.up', 'runtime.up', 'source.bringTree'])
    for (const { index } of children) {
      const world = await upgraded()
      world.stack.effects.interference = (effect, run, daemon) => (effect.index === index ? crashLandsLate(late)(effect, run, daemon) : run())
      const asked = await world.drive(ask(world, 'v1.2.0'))
      if (asked.kind === 'value') await world.drive(asked.value.finished)
      expect(world.daemon.life.dead).toBe(true)
      await world.start()
      await world.pass(late)
      await settle(world)
    }
  })
})
