import { leftOver, unsettled } from '../../at-rest.ts'
import { commitOf } from '../../world/releases.ts'
import { watchInterval, type World } from '../../world/world.ts'
import type { Stage } from './moves.ts'

/** Lets time pass until this is so, but not longer than this many virtual ms. */
type WaitFor = (condition: () => boolean, limit?: number) => Promise<void>

/** Looks within which all must be at rest: a build that hangs ends with the 14 minutes before the switch. */
const looks = 100

/**
 * Switches every fault off and waits until one color serves and is healthy, one bot runs, nothing is left over and the
 * record tells the truth. @throws what is still wrong after a bounded number of looks
 */
export async function comeToRest(stage: Stage, waitFor: WaitFor): Promise<void> {
  const { world, hits, mend } = stage
  hits.disarm()
  for (const end of mend) end()
  await waitFor(() => hits.late <= 0 && hits.away <= 0)
  await leaveMaintenance(stage, waitFor)
  await lookUntilAtRest(stage, waitFor)
  if (unsettled(world).length > 0 && loadsWhatIsMissed(stage)) await lookUntilAtRest(stage, waitFor)
  if (unsettled(world).length > 0 && isMixed(stage)) await upgrade(stage, waitFor)
  // A kill that was ordered for the removal of leftovers comes when it is done: the next daemon has to have looked, too.
  if (unsettled(world).length === 0) await lookUntilAtRest(stage, waitFor, wrongAtTheEnd)
  const wrong = wrongAtTheEnd(world)
  if (wrong.length > 0) throw new Error(`not at rest after ${looks} looks: ${wrong.join('; ')}\n--- how it came:\n${world.story()}`)
  world.disturbed = false
  await waitFor(() => false, 10)
}

function wrongAtTheEnd(world: World): string[] {
  return [...unsettled(world), ...leftOver(world)]
}

/** Nobody is left who works on the stack. */
async function leaveMaintenance({ world }: Stage, waitFor: WaitFor): Promise<void> {
  for (let time = 0; time < looks && world.stack.record?.maintenance; time += 1) {
    await waitFor(() => !world.daemon.life.dead && world.updater.status().maintenance !== null, watchInterval)
    if (!world.daemon.life.dead) await world.drive(world.updater.leaveMaintenance('ann'))
  }
}

/** The way out is open: unpaused, a good release can be applied, and all comes to rest again. */
export async function upgrade(stage: Stage, waitFor: WaitFor): Promise<void> {
  const { world } = stage
  world.stack.git.remoteTags.set('v9.0.0', commitOf('v9.0.0'))
  await unpause(stage, waitFor)
  // A look for releases whose write hung may have taken one on before us, which may have failed.
  await lookUntilAtRest(stage, waitFor)
  await unpause(stage, waitFor)
  const started = await world.run(world.updater.apply({ tag: 'v9.0.0', version: '9.0.0', origin: 'api' }))
  const { status, error } = await world.run(started.outcome)
  await world.run(started.finished)
  if (status !== 'success') throw new Error(`a good release applied at rest: ${status}: ${error}\n--- how it came:\n${world.story()}`)
  await lookUntilAtRest(stage, waitFor)
}

/** At rest leftovers are still removed, and a kill that was ordered for that comes when it is done: whoever asked asks the next daemon. */
async function unpause({ world }: Stage, waitFor: WaitFor): Promise<void> {
  let unpaused = await world.unpause()
  if (unpaused.kind === 'died') {
    await waitFor(() => !world.daemon.life.dead && world.updater.status().active !== null)
    unpaused = await world.unpause()
  }
  if (unpaused.kind !== 'value') throw new Error(`an unpause at rest: ${describe(unpaused)}\n--- how it came:\n${world.story()}`)
}

async function lookUntilAtRest({ world }: Stage, waitFor: WaitFor, wrongIn: (world: World) => readonly string[] = unsettled): Promise<void> {
  for (let look = 0; look < looks; look += 1) {
    await waitFor(() => !world.daemon.life.dead)
    if (wrongIn(world).length === 0) return
    await waitFor(() => false, watchInterval)
  }
}

/** What somebody pruned while no container had it only they can bring back: they do, by its name, as soon as they are told that it is missed. */
function loadsWhatIsMissed({ pruned, world: { stack, updater } }: Stage): boolean {
  if (!updater.status().findings.some((finding) => /\b(image|images) of .* (is|are) gone/i.test(finding))) return false
  for (const [name, image] of pruned) if (!stack.images.ofRelease.has(name)) stack.images.ofRelease.set(name, image)
  return pruned.size > 0
}

/**
 * Whether singletons may be of another release than what serves: a new color was kept because nothing else could serve (R10;
 * it may be broken), or somebody routed the other color by hand (R14), and the status tells of it. Nothing is stopped then,
 * and it is for an operator to bring another release.
 */
function isMixed({ logs, world: { stack, updater } }: Stage): boolean {
  if (stack.record === null) return false
  const reached = (row: string): boolean => logs().some((line) => line.includes(`Recovery ${row}:`))
  return reached('R10') || (reached('R14') && updater.status().findings.some((finding) => finding.includes('Apply a release')))
}

function describe(ended: { readonly kind: string; readonly error?: unknown }): string {
  return ended.error instanceof Error ? ended.error.message : ended.kind
}
