import { describe, expect, test } from 'vitest'
import { settle } from '../at-rest.ts'
import { ask } from '../operator.ts'
import { operatorDown, operatorRestart, operatorStop, operatorUp } from '../world/operator-compose.ts'
import { crash, dockerPruneImages, dockerRemove, dockerRemoveImage, dockerStart, dockerStop } from '../world/operator-docker.ts'
import { killEngine, reboot, restartEngine } from '../world/operator-host.ts'
import { editFile, gitPull } from '../world/operator-tree.ts'
import { commitOf, type ReleaseKind } from '../world/releases.ts'
import { World } from '../world/world.ts'
import { playWithLightSignals } from './light-signals.ts'

playWithLightSignals()

type Actor = (world: World) => Promise<unknown>

const dies = (world: World) => () => world.daemon.life.end()

/** Everybody else who touches the stack, at any moment of ours. */
const actors: Readonly<Record<string, Actor>> = {
  'docker compose up -d': ({ stack }) => operatorUp(stack),
  'docker compose up -d bot': ({ stack }) => operatorUp(stack, ['bot']),
  'docker compose down': ({ stack }) => operatorDown(stack),
  'docker compose stop bot': ({ stack }) => operatorStop(stack, 'bot'),
  'docker compose stop skills-blue': ({ stack }) => operatorStop(stack, 'skills-blue'),
  'docker compose restart bot': ({ stack }) => operatorRestart(stack, 'bot'),
  'docker compose restart skills-green': ({ stack }) => operatorRestart(stack, 'skills-green'),
  'docker stop skills-green': ({ stack }) => dockerStop(stack, 'skills-green'),
  'docker start skills-blue': ({ stack }) => dockerStart(stack, 'skills-blue'),
  'docker rm -f bot': ({ stack }) => dockerRemove(stack, 'bot'),
  'docker rm -f skills-blue': ({ stack }) => dockerRemove(stack, 'skills-blue'),
  'docker rm -f skills-green': ({ stack }) => dockerRemove(stack, 'skills-green'),
  'docker image rm of the old bot': ({ stack }) => dockerRemoveImage(stack, 'bot', commitOf('v1.0.0')),
  'docker image rm of the new bot': ({ stack }) => dockerRemoveImage(stack, 'bot', commitOf('v1.1.0')),
  'docker image prune -a': ({ stack }) => dockerPruneImages(stack),
  'the bot\'s process dies': ({ stack }) => crash(stack, 'bot'),
  'git pull': ({ stack }) => gitPull(stack),
  'an editor in the tree': ({ stack }) => editFile(stack, 'docker-compose.yml', 'mine'),
  'kill -9 of the engine': (world) => killEngine(world.stack, dies(world)),
  'restart of the engine': (world) => restartEngine(world.stack, dies(world)),
  'reboot of the host': (world) => reboot(world.stack, dies(world)),
}

async function atRest(kind: ReleaseKind): Promise<World> {
  const world = new World({ releases: { 'v1.1.0': kind } })
  const { images, topology } = world.stack
  // As the first `docker compose up -d --build` of an installation left it: the standby has an image too.
  for (const { services } of topology.groups) {
    const image = images.current.get(services.blue)
    if (image !== undefined) images.current.set(services.green, image)
  }
  await world.start()
  await settle(world)
  return world
}

/** An apply in which something else happens at the given effect; afterwards everything must come to rest by itself. */
async function meanwhile(world: World, index: number, actor: Actor): Promise<void> {
  let acted: Promise<unknown> = Promise.resolve()
  world.stack.effects.interference = (effect, run) => {
    if (effect.index === index) {
      world.disturbed = true
      acted = actor(world)
    }
    return run()
  }
  const asked = await world.drive(ask(world, 'v1.1.0'))
  if (asked.kind === 'value') await world.drive(asked.value.finished)
  for (let life = 0; life < 3 && world.daemon.life.dead; life += 1) await world.start()
  await world.drive(acted)
  for (let life = 0; life < 3 && world.daemon.life.dead; life += 1) await world.start()
  await settle(world)
  world.disturbed = false
  await world.pass(1_000)
}

/** Indices of the effects of an undisturbed apply. */
async function effectsOf(kind: ReleaseKind): Promise<readonly { readonly index: number; readonly name: string }[]> {
  const world = await atRest(kind)
  const first = world.stack.effects.done.length
  const started = await world.run(ask(world, 'v1.1.0'))
  await world.run(started.finished)
  return world.stack.effects.done.slice(first)
}

describe.each(['good', 'bot dies'] as const)('while a release is applied that is "%s"', (kind) => {
  test.each(Object.entries(actors))('%s at every effect: the rules hold and all comes to rest', async (name, actor) => {
    const broken: string[] = []
    const effects = await effectsOf(kind)
    for (const effect of effects) {
      const world = await atRest(kind)
      try {
        await meanwhile(world, effect.index, actor)
      } catch (error) {
        broken.push(`${name} at #${effect.index} ${effect.name}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    console.log(`simulation: ${name} at each of ${effects.length} effects of an apply: ${broken.length} broken`)
    expect(broken.length, broken.slice(0, 2).join('\n=====\n')).toBe(0)
  })
})
