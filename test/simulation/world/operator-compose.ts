import { managedServices } from '../../../src/rollout/topology.ts'
import { composeUp } from './compose.ts'
import { engineTimes, isUp } from './engine.ts'
import { calling, type Command } from './operator-docker.ts'
import type { Stack } from './stack.ts'

/** Time that Compose takes to read its files, and one build of a missing image. */
const times = { read: 700, build: 2_000 } as const

/**
 * `docker compose up -d` in the project directory, of these services or of all: both colors, as the tags stand. An image
 * that is not there is built from the operator's tree, without a label of ours.
 */
export function operatorUp(stack: Stack, services: readonly string[] = managedServices(stack.topology)): Command {
  return calling(stack, async () => {
    await stack.time.pause(times.read)
    for (const service of services) if (!stack.images.current.has(service)) await build(stack, service)
    await composeUp(stack, services, () => { stack.othersActedAt = stack.time.now })
  })
}

/** `docker compose stop <service>`. */
export function operatorStop(stack: Stack, service: string): Command {
  return calling(stack, async () => {
    await stack.time.pause(times.read)
    for (const instance of stack.engine.of(service)) await stack.engine.end(instance)
  })
}

/** `docker compose restart <service>`: the container as it is, whatever its tag names by now. */
export function operatorRestart(stack: Stack, service: string): Command {
  const { engine } = stack
  return calling(stack, async () => {
    await stack.time.pause(times.read)
    for (const instance of engine.of(service)) {
      await engine.end(instance)
      await engine.passes(engineTimes.start)
      if (engine.find(instance.id) !== undefined && !isUp(instance)) engine.launch(instance)
    }
  })
}

/** `docker compose down`: stops and removes everything that is managed. */
export function operatorDown(stack: Stack): Command {
  const { engine } = stack
  return calling(stack, async () => {
    await stack.time.pause(times.read)
    const instances = managedServices(stack.topology).flatMap((service) => engine.of(service))
    await Promise.all(instances.map((instance) => engine.end(instance)))
    for (const instance of instances) if (!isUp(instance)) engine.discard(instance)
  })
}

async function build(stack: Stack, service: string): Promise<void> {
  await stack.engine.passes(times.build)
  const { tree } = stack.git
  const kind = stack.kindOf(tree.kind === 'clone' ? tree.commit : '')
  stack.images.current.set(service, { ...stack.makeImage({ tag: '', version: '', commit: '' }, kind), commit: null, version: null })
}
