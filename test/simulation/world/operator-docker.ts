import { engineTimes, isUp, type Instance } from './engine.ts'
import type { Stack } from './stack.ts'

/** A command of somebody else's. Resolves with what it complains about, or null when it went well; never rejects. */
export type Command = Promise<string | null>

/** `docker stop`: a container of this service, and nobody starts it again by itself. */
export function dockerStop(stack: Stack, service: string): Command {
  return onContainer(stack, service, (instance) => stack.engine.end(instance))
}

export function dockerStart(stack: Stack, service: string): Command {
  return onContainer(stack, service, async (instance) => {
    if (isUp(instance)) return
    await stack.engine.passes(engineTimes.start)
    if (stack.engine.find(instance.id) !== undefined && !isUp(instance)) stack.engine.launch(instance)
  })
}

/** `docker rm -f`. */
export function dockerRemove(stack: Stack, service: string): Command {
  return onContainer(stack, service, async (instance) => {
    if (isUp(instance)) {
      instance.stoppedOnDemand = true
      stack.engine.exit(instance, 137)
    }
    stack.engine.discard(instance)
  })
}

/** A process inside dies, of lack of memory for one; its restart policy decides what comes next. */
export function crash(stack: Stack, service: string): Command {
  return onContainer(stack, service, async (instance) => stack.engine.crash(instance))
}

/** `docker image rm <name>:<commit>`. */
export function dockerRemoveImage(stack: Stack, service: string, commit: string): Command {
  return calling(stack, async () => stack.images.untag(service, commit))
}

/** `docker image prune --all --force`: every image that no container has, running or not. */
export function dockerPruneImages(stack: Stack): Command {
  return calling(stack, async () => {
    const used = new Set(stack.engine.instances.map(({ image }) => image))
    for (const image of stack.images.named()) if (!used.has(image)) stack.images.forget(image)
  })
}

/** Does something to the engine, if that answers. */
export async function calling(stack: Stack, run: () => Promise<void>): Command {
  try {
    if (stack.engine.fault !== null) return `Cannot connect to the Docker daemon: ${stack.engine.fault}`
    await stack.engine.passes(engineTimes.call)
    await run()
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    stack.othersActedAt = stack.time.now
  }
}

function onContainer(stack: Stack, service: string, run: (instance: Instance) => Promise<void>): Command {
  return calling(stack, async () => {
    const [instance] = stack.engine.of(service)
    if (instance === undefined) throw new Error(`No such container: ${service}`)
    await run(instance)
  })
}
