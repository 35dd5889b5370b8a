import { closeUndone } from './closing.ts'
import { failureOf } from './consequences.ts'
import type { Context } from './context.ts'
import { UpdaterError, firstLine } from './errors.ts'
import type { Failure } from './model.ts'
import { observe } from './recovery/observation.ts'
import { restoreSingletons } from './steps/singleton.ts'
import { removeStandby } from './steps/standby.ts'
import { confirmGeneration, isUntouched, routesBack } from './steps/switch-routes.ts'
import { followerOf } from './within.ts'

/**
 * Puts the old release back, whatever was reached: traffic first, then the singletons, then the standby goes. Each part
 * looks at the world and does only what is missing, so a kill in its middle and another run end the same (fault 8).
 * While it throws the operation stays open, which authorises the next try; also when the old color fell meanwhile: then
 * nothing is thrown, and the rows decide anew (R8–R10).
 */
export async function undo(context: Context): Promise<void> {
  const operation = context.journal.operation
  const failure = operation.failure ?? interruption(operation.step)
  context.tell({ kind: 'undo_started', step: null, message: firstLine(failure.sentence), durationMs: null })

  const traffic = await trafficBack(context)
  // The commit write may have reached the disk: nothing is stopped before a later write is known to have.
  await context.journal.settle()
  context.signal.throwIfAborted()
  const unwell = await whileDrained(context, traffic, async () => (operation.phase === 'swapping' ? restoreSingletons(context) : null))
  if (traffic.unconfirmed !== null) throw traffic.unconfirmed
  if (!(await serves(context))) return
  await removeStandby(context)
  await closeUndone(context, failure, traffic.generation, unwell)
}

/** A color that served is not taken away from users while the one that they were led back to does not answer, such as after a `docker stop` in the drain. */
async function serves(context: Context): Promise<boolean> {
  const { operation } = context.journal
  const { phase, topology, fromColor } = operation
  if (phase === 'preparing') return true
  const { engineFault, colors } = await observe(context, topology, operation)
  return engineFault === null && colors[fromColor] === 'healthy'
}

interface Traffic {
  readonly generation: string | null
  readonly moved: boolean
  /** Why Traefik is not known to have followed: then neither color may be stopped (fault 32). */
  readonly unconfirmed: unknown
}

async function trafficBack(context: Context): Promise<Traffic> {
  const { topology, phase, generations } = context.journal.operation
  const { generation } = context.journal.record
  if (topology.groups.length === 0) return { generation, moved: false, unconfirmed: null }
  if (phase === 'preparing' && generations === null) {
    const live = await context.ports.router.read()
    if (isUntouched(context, live)) return { generation, moved: false, unconfirmed: null }
  }
  const back = await routesBack(context)
  try {
    if (back !== null) await confirmGeneration(context, topology, back)
    return { generation: back, moved: true, unconfirmed: null }
  } catch (unconfirmed) {
    context.signal.throwIfAborted()
    return { generation: back, moved: true, unconfirmed }
  }
}

/** Once Traefik has followed, the requests on their way to the new color get their time; the work need not wait for that. If it fails the drain ends early, for nothing follows. */
async function whileDrained<T>(context: Context, { moved, unconfirmed }: Traffic, work: () => Promise<T>): Promise<T> {
  if (!moved || unconfirmed !== null) return work()
  const drain = followerOf(context.signal)
  const drained = context.ports.clock.sleep(context.settings.limits.drain, drain.signal).then(() => null, (error: unknown) => ({ error }))
  try {
    const result = await work()
    const ended = await drained
    if (ended !== null) throw ended.error
    return result
  } finally {
    drain.abort('nothing waits for it')
    drain.unfollow()
  }
}

function interruption(step: string | null): Failure {
  return failureOf(new UpdaterError('interrupted', `The updater ended during ${step ?? 'its first step'}; what was begun was undone.`), step)
}
