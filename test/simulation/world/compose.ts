import { UpdaterError } from '../../../src/rollout/errors.ts'
import { engineTimes, isUp, usualGrace, type Image, type Instance } from './engine.ts'
import type { Stack } from './stack.ts'

/**
 * What Compose 2 does for `up -d`, whoever calls it: creates what is missing, replaces what runs another image than its tag
 * names (the next container first, then the old one stopped and removed), and at last starts what does not run. `onChange` is
 * called whenever it has created a container.
 * @throws compose_failed, engine_unreachable; what was done until then stays
 */
export async function composeUp(stack: Stack, services: readonly string[], onChange: () => void = () => undefined): Promise<Instance[]> {
  const wanted: Instance[] = []
  for (const service of services) wanted.push(await containerOf(stack, service, onChange))
  for (const instance of wanted) await start(stack, instance)
  return wanted
}

/** Whether `composeUp` would replace or remove a container of this service. */
export function wouldReplace({ engine, images }: Stack, service: string): boolean {
  const [found, another] = engine.of(service)
  return another !== undefined || (found !== undefined && found.image !== images.current.get(service))
}

async function containerOf(stack: Stack, service: string, onChange: () => void): Promise<Instance> {
  const { engine, images } = stack
  const image = images.current.get(service)
  if (image === undefined) throw new UpdaterError('compose_failed', `The image of ${service} is not there.`)
  const [found, ...surplus] = engine.of(service).toSorted((a, b) => rank(b, image) - rank(a, image))
  for (const instance of surplus) await takeAway(stack, instance)
  if (found?.image === image) {
    await engine.passes(engineTimes.call)
    return found
  }
  await engine.passes(engineTimes.create)
  // A container's name is given once: whoever comes second is refused by the engine.
  if (engine.of(service).some((other) => other !== found)) throw new UpdaterError('compose_failed', `Conflict: the container name of ${service} is already in use.`)
  const next = engine.create(service, image, stack.isSingleton(service))
  onChange()
  if (found !== undefined) await takeAway(stack, found)
  return next
}

async function takeAway({ engine }: Stack, instance: Instance): Promise<void> {
  await engine.end(instance, usualGrace)
  await engine.passes(engineTimes.call)
  if (isUp(instance)) throw new UpdaterError('compose_failed', `${instance.id} is running.`)
  engine.discard(instance)
}

async function start({ engine }: Stack, instance: Instance): Promise<void> {
  if (isUp(instance)) return
  await engine.passes(engineTimes.start)
  if (engine.find(instance.id) === undefined) throw new UpdaterError('compose_failed', `No such container: ${instance.id}.`)
  if (!isUp(instance)) engine.launch(instance)
}

/** What Compose keeps where there are too many. */
function rank(instance: Instance, image: Image): number {
  return (instance.image === image ? 2 : 0) + (isUp(instance) ? 1 : 0)
}
