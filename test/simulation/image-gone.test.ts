import { expect, test } from 'vitest'
import { UpdaterError } from '../../src/rollout/errors.ts'
import { settle } from './at-rest.ts'
import { applyUpTo } from './operator.ts'
import { operatorDown } from './world/operator-compose.ts'
import { commitOf } from './world/releases.ts'
import { watchInterval, World } from './world/world.ts'

/** All containers are removed, and of one service the image is gone too. @returns gives the image its name back */
async function downWithout(world: World, service: string): Promise<() => void> {
  const { images } = world.stack
  world.disturbed = true
  await world.drive(operatorDown(world.stack))
  const image = images.get(service, commitOf('v1.0.0'))
  if (image === undefined) throw new Error(`${service} has no image`)
  images.untag(service, commitOf('v1.0.0'))
  return () => images.name(service, commitOf('v1.0.0'), image)
}

async function ready(): Promise<World> {
  const world = new World({ releases: { 'v1.1.0': 'good' } })
  await world.start()
  await settle(world)
  return world
}

const told = (service: string): unknown => expect.stringMatching(new RegExp(`The image of ${service} of v1\\.0\\.0 is gone.*Load it again.*or apply another release`))

test.each(['api-blue', 'bot', 'skills-blue'])('R16: after `docker compose down` with the image of %s gone everything else is up again; which one it is and what to do is told until it is there', async (service) => {
  const world = await ready()
  const load = await downWithout(world, service)
  const others = ['skills-blue', 'api-blue', 'bot'].filter((other) => other !== service)
  await world.until('the others', () => others.every((other) => world.stack.engine.of(other).some((one) => world.stack.engine.isHealthy(one))), watchInterval + 5_000)
  // Also long after the tries of what falls again and again would be used up.
  for (let look = 0; look < 12; look += 1) {
    await world.pass(6 * watchInterval)
    expect(world.updater.status()).toMatchObject({ paused: false, findings: [told(service)] })
  }
  expect(world.stack.engine.of(service)).toEqual([])
  load()
  await world.pass(watchInterval + 2_000)
  world.disturbed = false
  await settle(world)
  expect(world.updater.status().findings).toEqual([])
})

test('R15: with the routes missing as well they are restored all the same', async () => {
  const world = await ready()
  const load = await downWithout(world, 'api-blue')
  world.stack.traefik.replaced(null)
  await world.until('the routes', () => world.stack.traefik.at('skills')?.active === 'blue' && world.stack.routed === 'blue', watchInterval + 5_000)
  await world.until('skills', () => world.stack.engine.of('skills-blue').some((one) => world.stack.engine.isHealthy(one)), watchInterval)
  await world.pass(2 * watchInterval)
  expect(world.updater.status()).toMatchObject({ paused: true, findings: [told('api-blue')] })
  load()
  await world.pass(watchInterval + 2_000)
  world.disturbed = false
  await settle(world)
})

test('R8: an old color of which one image is gone: the other service is started, the new color serves, and what is missing is told', async () => {
  const world = await ready()
  await applyUpTo(world, 'v1.1.0', 'health_bot')
  world.daemon.life.end()
  world.disturbed = true
  const { engine, images } = world.stack
  for (const instance of world.stack.instancesOf('blue')) {
    if (instance === undefined) continue
    engine.exit(instance, 137)
    engine.discard(instance)
  }
  images.untag('api-blue', commitOf('v1.0.0'))
  await world.start()
  expect(world.updater.status()).toMatchObject({ findings: [told('api-blue')] })
  expect(engine.of('skills-blue')).toMatchObject([{ state: 'running' }])
  expect(world.stack.publicEntryPoints.map((name) => world.stack.traefik.at(name)?.active)).toEqual(['green', 'green'])
})

test('R16: a service that Compose cannot create, and because of it none of those it is asked for, keeps no other one down', async () => {
  const world = await ready()
  world.disturbed = true
  await world.drive(operatorDown(world.stack))
  const { effects, engine } = world.stack
  effects.interference = (effect, run) => (effect.name === 'runtime.up' && effect.services?.includes('api-blue') === true
    ? Promise.reject(new UpdaterError('compose_failed', 'port is already allocated'))
    : run())
  await world.until('the others', () => ['skills-blue', 'bot'].every((service) => engine.of(service).some((one) => engine.isHealthy(one))), 2 * watchInterval)
  await world.pass(15 * 60_000)
  expect(engine.of('api-blue')).toEqual([])
  expect(engine.of('bot')).toMatchObject([{ state: 'running' }])
  expect(world.updater.status().findings.join(' ')).toContain('api-blue')
})
