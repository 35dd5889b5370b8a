import type { Context } from '../context.ts'
import { act, containerError, isOfRelease, isRunning, look, stopContainer } from '../engine.ts'
import { UpdaterError, sentenceOf } from '../errors.ts'
import type { Container, Release, SingletonBefore } from '../model.ts'
import { stepNames } from '../plan.ts'
import { sideBySide } from '../side-by-side.ts'
import type { Singleton } from '../topology.ts'
import { seconds, within } from '../within.ts'
import { homeOf } from './home-of.ts'
import { wayBackMissing } from './preflight.ts'
import { composeUp } from './standby.ts'
import { effect, gate } from './step.ts'

/** Between two looks at a starting singleton, ms: an inspect takes about 3. */
const lookEvery = 100

/** Replaces each singleton by the target's, one after the other, and waits until it is healthy. */
export async function replaceSingletons(context: Context): Promise<void> {
  const { topology, target } = context.journal.operation
  for (const singleton of topology.singletons) {
    await effect(context, [stepNames.restart(singleton.name)], () => replaceSingleton(context, singleton, target, 'forth'))
    await gate(context, stepNames.singletonHealth(singleton.name), () => awaitSingleton(context, singleton))
  }
}

/**
 * Undo of `replaceSingletons`: the old release's, whatever is found. Repeated without harm.
 * @returns why one that is back is not well, for there is nothing left to undo about it; null when all are
 */
export async function restoreSingletons(context: Context): Promise<string | null> {
  const { operation } = context.journal
  let unwell: string | null = null
  for (const singleton of operation.topology.singletons.toReversed()) {
    const found = await lookAt(context, singleton)
    const before = operation.singletonsBefore.find(({ service }) => service === singleton.service)
    const home = homeOf(operation, singleton)
    const old = found.find(({ id }) => id === before?.containerId) ?? theOnlyOne(found, (one) => isRunning(one) && runsRelease(one, home, before))
    if (old === undefined) {
      await replaceSingleton(context, singleton, home, 'back')
    } else {
      await removeAll(context, singleton, found.filter(({ id }) => id !== old.id))
      // First of all it runs again: a tag that cannot be moved must not keep it away.
      if (!isRunning(old)) await act(context, `Starting ${singleton.service}`, (signal) => context.ports.runtime.start(old.id, signal))
      await tagIfThere(context, singleton, home)
    }
    await awaitSingleton(context, singleton, old?.restarts).catch((error: unknown) => {
      if (!isUnwell(error)) throw error
      unwell ??= sentenceOf(error)
    })
  }
  return unwell
}

/** Whether one does not run, or has been found not to work: then the old release's comes back, whichever color is kept. */
export async function someIsDown(context: Context): Promise<boolean> {
  return context.journal.operation.failure?.code === 'singleton_failed' || someDoesNotRun(context)
}

export async function someDoesNotRun(context: Context): Promise<boolean> {
  for (const singleton of context.journal.operation.topology.singletons) {
    if (!(await lookAt(context, singleton)).some(isRunning)) return true
  }
  return false
}

/**
 * For a new color that is kept (R10): the target's singletons stay if all of them work, else the old release's come back.
 * @returns what there is to tell, in sentences: of which release they are if not of the target, and what is not well
 */
export async function keepWorkingSingletons(context: Context): Promise<string[]> {
  const { operation } = context.journal
  const { singletons } = operation.topology
  const beside = singletons.map((singleton) => `${singleton.service} runs ${homeOf(operation, singleton).tag} beside it.`)
  if (operation.phase !== 'swapping') return beside
  if (!(await someIsDown(context)) && (await targetsWork(context))) return []
  try {
    const unwell = await restoreSingletons(context)
    return unwell === null ? beside : [...beside, unwell]
  } catch (error) {
    // Nothing was stopped; the watch starts what is left (R16).
    if (!(error instanceof UpdaterError && error.code === 'image_missing')) throw error
    return [`${singletons.map(({ service }) => service).join(', ')} may not work: that of ${operation.target.tag} does not, and of the one before it the image is gone.`]
  }
}

async function targetsWork(context: Context): Promise<boolean> {
  const { topology, target } = context.journal.operation
  for (const singleton of topology.singletons) {
    if (theOnlyOne(await lookAt(context, singleton), (one) => isOfRelease(one, target)) === undefined) return false
    const works = await awaitSingleton(context, singleton).then(() => true, (error: unknown) => {
      if (!isUnwell(error)) throw error
      return false
    })
    if (!works) return false
  }
  return true
}

/** An image whose name was removed from outside keeps the undo of a bot that runs from nothing (fault 28). */
async function tagIfThere(context: Context, singleton: Singleton, release: Release): Promise<void> {
  const { runtime, log } = context.ports
  const missing = await act(context, 'Looking for images', (signal) => runtime.missingImages(release, [singleton.service], signal))
  if (missing.length === 0) await act(context, 'Tagging images', (signal) => runtime.tag(release, [singleton.service], signal))
  else log.warn(`The image of ${singleton.service} of ${release.tag} was removed from outside; what runs goes on, but could not be created again.`)
}

/**
 * Waits until the singleton is healthy, or, without a health check, has run for a while without a restart.
 * @param restarts how often it had been restarted before: only further ones count against it
 */
async function awaitSingleton(context: Context, singleton: Singleton, restarts = 0): Promise<void> {
  const { clock } = context.ports
  const { limits } = context.settings
  const limit = { name: 'singletonHealth', milliseconds: limits.singletonHealth }
  let seen: Container | null = null
  try {
    await within(clock, limit, singleton.service, context.signal, async (signal) => {
      const begun = clock.monotonic()
      for (;;) {
        seen = await theOne(context, singleton, restarts, signal)
        if (seen.health === 'healthy') return
        if (seen.health === 'none' && clock.monotonic() - begun >= limits.singletonSettled) return
        await clock.sleep(lookEvery, signal)
      }
    })
  } catch (error) {
    if (!(error instanceof UpdaterError && error.code === 'limit_exceeded') || context.signal.aborted || seen === null) throw error
    throw await containerError(context, 'singleton_failed', seen, `was not healthy within ${seconds(limit.milliseconds)} (limits.singletonHealth)`)
  }
}

/** The one container is there, of the right release, and does not run well: nothing of ours makes it better. */
function isUnwell(error: unknown): boolean {
  return error instanceof UpdaterError && error.code === 'singleton_failed' && 'containerId' in error.details
}

/**
 * The singleton's way (design.md): nothing is stopped that could not be started again; exit seen on every container of
 * the service; removed by id; only then the tag moves and compose creates the next one (I2).
 */
async function replaceSingleton(context: Context, singleton: Singleton, release: Release, way: 'forth' | 'back'): Promise<void> {
  const { runtime } = context.ports
  const { id: operation } = context.journal.operation
  if (way === 'back') await act(context, 'Naming what was kept', (signal) => runtime.restoreKept(operation, release, [singleton.service], signal))
  const missing = await act(context, 'Looking for images', (signal) => runtime.missingImages(release, [singleton.service], signal))
  if (missing.length > 0) throw way === 'back' ? oldImageGone(singleton, release) : imageGone(singleton, release)

  const found = await lookAt(context, singleton)
  if (way === 'forth') await assureWayBack(context, singleton, found)
  await removeAll(context, singleton, found)
  await act(context, 'Tagging images', (signal) => runtime.tag(release, [singleton.service], signal))
  await composeUp(context, release, [singleton.service])
}

/** What runs can be created again: its image is there and stays, and there is room for a container. @throws image_missing, disk_full */
async function assureWayBack(context: Context, singleton: Singleton, found: readonly Container[]): Promise<void> {
  const { runtime } = context.ports
  const { operation } = context.journal
  const home = homeOf(operation, singleton)
  const missing = await act(context, 'Looking for images', (signal) => runtime.missingImages(home, [singleton.service], signal))
  if (missing.length > 0) throw wayBackMissing(missing, home.tag)
  for (const container of found) await act(context, 'Keeping its image', (signal) => runtime.keepImage(container.id, operation.id, signal))
}

async function removeAll(context: Context, singleton: Singleton, containers: readonly Container[]): Promise<void> {
  if (containers.length === 0) return
  await sideBySide(context, containers, stopContainer)
  const ids = new Set(containers.map(({ id }) => id))
  const still = (await lookAt(context, singleton)).filter((container) => ids.has(container.id) && isRunning(container))
  if (still.length > 0) {
    throw new UpdaterError('exit_unseen', `${singleton.service} was stopped but is still there; no other one is started until its exit is seen.`)
  }
  for (const { id } of containers) await act(context, `Removing ${singleton.service}`, (signal) => context.ports.runtime.remove(id, signal))
  const left = (await lookAt(context, singleton)).filter((container) => ids.has(container.id))
  if (left.length > 0) throw new UpdaterError('exit_unseen', `A stopped container of ${singleton.service} could not be removed; no other one is started.`)
}

async function theOne(context: Context, singleton: Singleton, restarts: number, signal: AbortSignal): Promise<Container> {
  const found = await context.ports.runtime.containers([singleton.service], signal)
  const [one] = found
  if (one === undefined) throw new UpdaterError('singleton_failed', `The container of ${singleton.service} was removed from outside.`)
  if (found.length > 1) throw new UpdaterError('singleton_failed', `${found.length} containers of ${singleton.service} were found where only one may be.`)
  if (!isRunning(one)) throw await containerError(context, 'singleton_failed', one, 'exited')
  if (one.restarts > restarts) throw await containerError(context, 'singleton_failed', one, 'keeps restarting')
  return one
}

function theOnlyOne(found: readonly Container[], fits: (container: Container) => boolean): Container | undefined {
  const [one, another] = found
  return one !== undefined && another === undefined && fits(one) ? one : undefined
}

/** An adopted release's images tell no commit; then it is the image itself that tells. */
function runsRelease(container: Container, release: Release, before: SingletonBefore | undefined): boolean {
  return container.commit === release.commit || container.imageId === before?.imageId
}

function lookAt(context: Context, singleton: Singleton): Promise<Container[]> {
  return look({ ...context, signal: context.effects }, [singleton.service])
}

/** Somebody removed it after the old container was gone: only they can bring it back, and the undo waits for that. */
function oldImageGone({ service }: Singleton, { tag, commit }: Release): UpdaterError {
  return new UpdaterError(
    'image_missing',
    `The image of ${service} of ${tag}, which is to come back, is gone, so that no container can be created. Load it again by its name of ${commit.slice(0, 12)}; the next look goes on by itself.`,
  )
}

function imageGone(singleton: Singleton, release: Release): UpdaterError {
  return new UpdaterError('image_missing', `The image of ${singleton.service} of ${release.tag} was removed from outside; nothing was stopped.`)
}
