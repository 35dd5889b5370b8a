import type { Context } from '../context.ts'
import { withHold } from '../consequences.ts'
import { act, isRunning, stopContainer } from '../engine.ts'
import { UpdaterError, sentenceOf } from '../errors.ts'
import type { Container, Hold, Release } from '../model.ts'
import { retire } from '../rollout.ts'
import { sideBySide } from '../side-by-side.ts'
import { composeUp } from '../steps/standby.ts'
import { letGo } from '../steps/let-go.ts'
import { route } from '../steps/switch-routes.ts'
import { otherColor, servicesOf, type Color, type Topology } from '../topology.ts'
import { adoptStack, withAdopted } from './adoption.ts'
import { containersOf, fallen, served } from './decide.ts'
import type { World } from './observation.ts'

/** R5: all but one container of each singleton go. Before the commit point the old one stays, else the active release's. */
export async function removeSurplusSingletons(context: Context, world: World, topology: Topology): Promise<void> {
  const { active, operation } = context.journal.record
  const before = operation !== null && operation.phase !== 'retiring'
  const wanted = before ? operation.from.commit : active.commit
  const known = new Set(before ? operation.singletonsBefore.map(({ containerId }) => containerId) : [])
  for (const { service } of topology.singletons) {
    const [, ...surplus] = containersOf(world, service).toSorted((a, b) => rank(b) - rank(a))
    for (const container of surplus) {
      await stopContainer(context, container)
      await act(context, `Removing ${service}`, (signal) => context.ports.runtime.remove(container.id, signal))
    }
  }

  function rank(container: Container): number {
    return (known.has(container.id) ? 4 : 0) + (container.commit === wanted ? 2 : 0) + (isRunning(container) ? 1 : 0)
  }
}

/**
 * R8, R16: starts stopped containers as they are and has compose create missing ones of this release. One that cannot be
 * started, such as for a port that is taken or an image that is gone, keeps no other one down.
 * @throws the first refusal, once all were tried; at once what concerns every service, such as an engine that does not answer
 */
export async function startServices(context: Context, world: World, release: Release, services: readonly string[]): Promise<void> {
  const refusals: unknown[] = []
  for (const service of services) {
    context.signal.throwIfAborted()
    const [container] = containersOf(world, service)
    if (container === undefined || isRunning(container)) continue
    await act(context, `Starting ${service}`, (signal) => context.ports.runtime.start(container.id, signal)).catch((error: unknown) => {
      if (!isRefusal(error)) throw error
      refusals.push(error)
    })
  }
  const stuck = await uncreatable(context, world, release, services)
  const missing = services.filter((service) => containersOf(world, service).length === 0 && !stuck.services.includes(service))
  await create(context, release, missing).catch(async (error: unknown) => {
    if (missing.length < 2 || !(isRefusal(error) || isOfCompose(error))) throw error
    // Compose may give up on all of them for the sake of one.
    for (const service of missing) {
      context.signal.throwIfAborted()
      await create(context, release, [service]).catch((refusal: unknown) => {
        if (!isRefusal(refusal) && !isOfCompose(refusal)) throw refusal
        refusals.push(refusal)
      })
    }
  })
  refusals.push(...stuck.errors)
  if (refusals.length > 0) throw refusals[0]
}

async function create(context: Context, release: Release, services: readonly string[]): Promise<void> {
  if (services.length === 0) return
  await act(context, 'Tagging images', (signal) => context.ports.runtime.tag(release, services, signal))
  await composeUp(context, release, services)
}

function isOfCompose(error: unknown): boolean {
  return error instanceof UpdaterError && error.code === 'compose_failed'
}

/** Whether one service could not be started, which says nothing of the others. */
function isRefusal(error: unknown): error is UpdaterError {
  return error instanceof UpdaterError && (error.code === 'engine_failed' || error.code === 'image_missing' || error.code === 'release_refused')
}

/** Those of the services that have no container and of which none can be created, and why. */
export interface Uncreatable {
  readonly services: readonly string[]
  readonly errors: readonly UpdaterError[]
}

/** Looks for what keeps missing containers from being created: an image that is gone (fault 28), a name that the release does not know. */
export async function uncreatable(context: Context, world: World, release: Release, services: readonly string[]): Promise<Uncreatable> {
  const unknown: string[] = []
  const gone: string[] = []
  const errors: UpdaterError[] = []
  for (const service of services.filter((one) => containersOf(world, one).length === 0)) {
    try {
      gone.push(...await act(context, 'Looking for images', (signal) => context.ports.runtime.missingImages(release, [service], signal)))
    } catch (error) {
      if (!isRefusal(error)) throw error
      unknown.push(service)
      errors.push(error)
    }
  }
  return { services: [...unknown, ...gone], errors: gone.length === 0 ? errors : [...errors, imageGone(gone, release)] }
}

function imageGone(services: readonly string[], { tag, commit }: Release): UpdaterError {
  return new UpdaterError(
    'image_missing',
    `The image of ${services.join(', ')} of ${tag} is gone, so that no container can be created; nothing else waits for it. `
      + `Load it again by its name of ${commit.slice(0, 12)} and the service is started by itself, or apply another release.`,
  )
}

/** R12: a committed release whose routes were lost: they are written again, then the old color retires. */
export async function routeAndRetire(context: Context): Promise<void> {
  const { targetColor, topology } = context.journal.operation
  await route(context, targetColor, topology)
  await retire(context)
}

/**
 * R14: somebody moved the traffic to a healthy color: it is respected, as the release that it is known to be or else as one
 * that was found running. It is stamped anew, since a stamp kept by hand proves nothing.
 */
export async function adoptRoutedColor(context: Context, world: World, topology: Topology, color: Color, why: string): Promise<void> {
  const { record } = context.journal
  const commits = new Set(servicesOf(topology, color).map((service) => containersOf(world, service)[0]?.commit))
  const known = [record.active, ...record.previous].find(({ commit }) => commits.size === 1 && commits.has(commit))
  const adopted = known === undefined ? await adoptStack(context, null, world) : { sequence: record.sequence, activeColor: color, active: known }
  await context.journal.commit(withAdopted({ ...adopted, generation: null }, holdOf(context, why)))
}

/**
 * R15: our routes again, and what they need; the file that was found is kept for the operator. The hold comes before the
 * routes: once they are right again nothing would tell a next daemon that rollouts are to be held.
 */
export async function restoreRoutes(context: Context, world: World, topology: Topology, why: string): Promise<void> {
  const { active, activeColor } = context.journal.record
  await startServices(context, world, active, fallen(world, { groups: topology.groups, singletons: [] }, activeColor)).catch((error: unknown) => {
    // What can be served is served; the rest is told and tried again (R16).
    if (!isRefusal(error)) throw error
    context.ports.log.warn(sentenceOf(error))
  })
  context.ports.authority.check()
  const copy = await context.ports.router.keepCopy()
  await holdRollouts(context, copy === null ? why : `${why} A copy of it is at ${copy}.`)
  await route(context, activeColor, topology)
}

/** R17: a standby that nobody routes ends, unless somebody has routed it meanwhile. */
export async function stopStandby(context: Context, world: World, topology: Topology): Promise<void> {
  const { activeColor } = context.journal.record
  await context.journal.settle()
  await letGo(context, topology, otherColor(activeColor))
  if (topology.groups.length > 0 && served(await context.ports.router.read()) !== activeColor) return
  const services = servicesOf(topology, otherColor(activeColor))
  const running = services.flatMap((service) => containersOf(world, service).filter(isRunning))
  await sideBySide(context, running, stopContainer)
}

/** Adds a hold, once; it must be known even if it cannot be written. */
export async function holdRollouts(context: Context, why: string): Promise<void> {
  if (context.journal.record.holds.some(({ reason }) => reason === why)) return
  await context.journal.note((record) => ({ ...record, holds: withHold(record.holds, holdOf(context, why)) }))
}

/** A hold that recovery puts up. */
export function holdOf(context: Context, why: string): Hold {
  return { reason: why, origin: 'recovery', since: new Date(context.ports.clock.now()).toISOString() }
}
