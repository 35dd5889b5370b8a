import type { Release } from '../../src/rollout/model.ts'
import { otherColor, singletonServices } from '../../src/rollout/topology.ts'
import type { Instance } from './world/engine.ts'
import { places } from './world/state-directory.ts'
import { watchInterval, type World } from './world/world.ts'

/** Looks of the watch within which everything must have come to rest; a standby is given a minute of grace. */
const looks = 20
/** What landed late is looked for after ten minutes. */
export const looksForLeftovers = 70

/** What is not yet as it must be at the end: one color served and healthy, one bot, nothing left over, the truth in the record. */
export function unsettled(world: World): string[] {
  const { stack } = world
  const { record, engine, topology, traefik } = stack
  if (record === null) return ['there is no record']
  const wrong: string[] = []
  const expect = (holds: boolean, what: string): void => {
    if (!holds) wrong.push(what)
  }
  const { activeColor, active } = record
  expect(record.operation === null, 'an operation is open')

  if (topology.groups.length > 0) {
    expect(stack.routed === activeColor, `the record says ${activeColor}, the file ${stack.routed}`)
    expect(stack.isColorHealthy(activeColor), `${activeColor} is not healthy`)
    for (const entryPoint of stack.publicEntryPoints) {
      const inForce = traefik.at(entryPoint)
      expect(inForce?.active === activeColor, `entry point ${entryPoint} serves ${inForce?.active}`)
      expect(inForce?.generation === record.generation, `entry point ${entryPoint} has a generation that the record does not know`)
    }
  }
  for (const service of topology.groups.map(({ services }) => services[activeColor])) {
    const [instance, another] = engine.of(service)
    expect(instance !== undefined && another === undefined, `there are ${engine.of(service).length} containers of ${service}`)
    expect(instance !== undefined && runs(world, instance, active), `${service} runs ${instance?.image.commit}, not ${active.tag}`)
  }
  for (const service of topology.groups.map(({ services }) => services[otherColor(activeColor)])) {
    expect(engine.of(service).every(({ state }) => state === 'exited' || state === 'created'), `${service} runs beside the active color`)
  }
  for (const service of singletonServices(topology)) {
    const [instance, another] = engine.of(service)
    expect(instance?.state === 'running' && another === undefined, `there are ${engine.of(service).length} containers of ${service}, the first is ${instance?.state}`)
    expect(instance !== undefined && engine.isHealthy(instance), `${service} is not healthy`)
    expect(instance !== undefined && runs(world, instance, active), `${service} runs ${instance?.image.commit}, not ${active.tag}`)
    // What an operator's `docker compose up -d` would take must be what runs. Pruned by somebody just before its container was made it has no name left.
    const isNamed = instance !== undefined && stack.images.named().has(instance.image)
    expect(!isNamed || stack.images.current.get(service) === instance.image, `the tag of ${service} points at another image than runs`)
  }
  expect(stack.hasFilesOf(active.commit), 'the compose files of the active release are gone')

  const status = world.updater.status()
  expect(status.state === 'idle' && status.operation === null && status.currentOperation === null, `the status says ${status.state}, ${status.currentOperation}`)
  expect(status.activeColor === activeColor && status.active?.commit === active.commit, 'status and record differ')
  expect(status.paused === (record.holds.length > 0 || record.maintenance !== null), 'status and record differ about the pause')
  return wrong
}

/** What no release needs any more (I9). While recovery holds rollouts it is left to whoever looks. */
export function leftOver({ stack: { disk, engine, images, git, record } }: World): string[] {
  if (record === null || record.holds.some(({ origin }) => origin === 'recovery')) return []
  const { active, lastGood, previous } = record
  const needed = new Set([
    ...[active, lastGood, ...previous].flatMap((release) => (release === null ? [] : [release.commit])),
    // What somebody replaced by hand.
    ...engine.instances.flatMap(({ state, image }) => (state === 'running' ? [image.commit] : [])),
  ])
  const unneeded = (commit: string): boolean => !needed.has(commit)
  return [
    // Copies of what somebody wrote (R15) are theirs.
    ...disk.list(places.staging).filter((name) => !name.startsWith('kept-')).map((name) => `the prepared routes ${name} lie there`),
    ...[...images.commits()].filter(unneeded).map((commit) => `images of ${commit} lie there`),
    ...[...images.kept.keys()].map((operation) => `images kept for the operation ${operation} lie there`),
    ...[...git.checkouts].filter(unneeded).map((commit) => `the checkout of ${commit} lies there`),
  ]
}

/** Lets the watch look until everything has come to rest and nothing is left over. @throws what is still wrong after a bounded number of looks */
export async function settle(world: World): Promise<void> {
  await lookUntil(world, looks, () => unsettled(world))
  await lookUntil(world, looksForLeftovers, () => leftOver(world))
}

async function lookUntil(world: World, bound: number, wrongIn: () => readonly string[]): Promise<void> {
  let wrong = wrongIn()
  for (let look = 0; look < bound && wrong.length > 0; look += 1) {
    await world.pass(watchInterval)
    wrong = wrongIn()
  }
  if (wrong.length > 0) throw new Error(`not at rest after ${bound} looks: ${wrong.join('; ')}\n--- how it came:\n${world.story()}`)
}

/** An adopted stack has a made-up commit: of it is what tells none, and each container that was found running and taken over with its image. */
function runs({ stack }: World, { service, image }: Instance, { commit }: Release): boolean {
  return image.commit === commit || (stack.adopted.has(commit) && (image.commit === null || stack.images.get(service, commit) === image))
}
