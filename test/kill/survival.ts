import { sentenceOf } from './sentence.ts'
import { releases, type Ground } from './ground.ts'
import type { SeenState } from './observer/state-file.ts'
import { wrongOutcome } from './outcome.ts'
import type { Wire } from './tripwire/tripwire.ts'

/** What is under way when the kill comes. */
export type Undertaking = 'apply' | 'rollback' | 'bad apply'

/** Where the kill comes: at an exact rename of the daemon's, or after so many ms. */
export type Place = Wired | { readonly instant: number }

/** At an exact rename of the daemon's. */
export interface Wired {
  readonly wire: Omit<Wire, 'signal'>
}

/** A kill that was survived. */
export interface Survived {
  readonly undertaking: Undertaking | 'recovery'
  /** The record as it was left. */
  readonly left: SeenState
  /** From the next start on until record and world agreed, ms. */
  readonly recovery: number
}

/** The record's `number`-th write from now on. */
export function recordWrite(number: number, side: Wire['side']): Wired {
  return { wire: { to: /\/updater-state\.json$/, number, side } }
}

/**
 * Asks for something, has the daemon killed in its middle, starts the next one, and holds the outcome against what it must be.
 * Rollouts are not held afterwards.
 * @param beforeRecovery what else happens between the kill and the start that is waited for
 * @returns null when the operation ended before the place was reached
 * @throws Error with all that is known, when anything is wrong
 */
export async function surviveKill(ground: Ground, undertaking: Undertaking, place: Place, beforeRecovery: () => Promise<void> = nothing): Promise<Survived | null> {
  const where = `${undertaking}, killed ${told(place)}`
  return inStory(ground, where, async () => {
    ground.observer.note(`-- next: ${where}`)
    const before = ground.state()
    if ('wire' in place) await ground.tripwire.arm({ ...place.wire, signal: 'SIGKILL' })
    await askFor(ground, undertaking)
    const died = 'wire' in place ? await diesOrEnds(ground) : await killAfter(ground, place.instant)
    await ground.tripwire.disarm()
    if (!died) {
      await unpauseIfHeld(ground)
      return null
    }
    refuseOtherPlace(place, before, ground.state())
    await beforeRecovery()
    return recoverFrom(ground, undertaking)
  })
}

/** Starts the next daemon after a kill, and holds what it makes of it against what it must be. Rollouts are not held afterwards. */
export async function recoverFrom(ground: Ground, undertaking: Survived['undertaking']): Promise<Survived> {
  const left = ground.state()
  ground.observer.note(`-- killed at record ${left.sequence}`)
  const recovery = await ground.recover()
  if (recovery === null) throw new Error('the next daemon ended by itself')
  ground.observer.note(`-- reconciled after ${Math.round(recovery)} ms`)
  const now = ground.state()
  const wrong = [...wrongOutcome(left, now), ...await wrongServed(ground, now)]
  if (wrong.length > 0) throw new Error(wrong.join('\n'))
  await unpauseIfHeld(ground)
  return { undertaking, left, recovery }
}

/** Runs a part of a campaign; whatever fails is told with the story that led there. */
export async function inStory<T>(ground: Ground, where: string, task: () => Promise<T>): Promise<T> {
  try {
    const result = await task()
    const wrong = [...ground.observer.complaints, ...ground.load.failed.map(({ at, target, reason }) => `${at} a request to ${target} failed: ${reason}`)]
    if (wrong.length > 0) throw new Error(wrong.join('\n'))
    return result
  } catch (error) {
    throw new Error([where, sentenceOf(error), '', 'What the observer saw:', ground.observer.story(), '', 'The daemon\'s last lines:', await ground.lastLines()].join('\n'), { cause: error })
  }
}

/** What can be asked for now, on the release that runs. */
export function possible(ground: Ground): readonly [Undertaking, Undertaking] {
  return ground.state().activeTag === releases.first ? ['apply', 'bad apply'] : ['rollback', 'bad apply']
}

/** Whatever way leads on from the release that runs: an apply of the good one, or the rollback from it. */
export function forward(ground: Ground): Undertaking {
  return possible(ground)[0]
}

export async function askFor(ground: Ground, undertaking: Undertaking): Promise<void> {
  if (undertaking === 'rollback') return ground.ask('rollback', { previous_sha: ground.stack.project.release(releases.first).commit })
  const tag = undertaking === 'apply' ? releases.good : releases.bad
  return ground.ask('apply', { tag, version: tag.slice(1) })
}

export async function unpauseIfHeld(ground: Ground): Promise<void> {
  if (ground.state().paused) await ground.unpause()
}

/** Until the daemon has died, or tells that the operation is over. @returns whether it died. @throws Error when neither comes */
export async function diesOrEnds(ground: Ground): Promise<boolean> {
  const daemon = ground.running()
  const deadline = performance.now() + operationLimit
  while (daemon.alive) {
    if (performance.now() > deadline) throw new Error(`the operation did not end within ${operationLimit} ms`)
    const state = await ground.stack.updater.get('/status').then(({ body }) => body['state'], () => null) // it has just died, or is dying
    if (state === 'idle') return false
    await Promise.race([daemon.ended, new Promise((resolve) => setTimeout(resolve, askEvery))])
  }
  return true
}

const askEvery = 50
/** Far above what the slowest operation takes on the busiest machine, ms. */
const operationLimit = 180_000
const nothing = (): Promise<void> => Promise.resolve()

async function killAfter(ground: Ground, ms: number): Promise<boolean> {
  await new Promise((resolve) => setTimeout(resolve, ms))
  await ground.running().kill()
  return true
}

/** The kill has hit the very write that it was meant for. */
function refuseOtherPlace(place: Place, before: SeenState, left: SeenState): void {
  if (!('wire' in place) || place.wire.holding !== undefined || !place.wire.to.test('/updater-state.json')) return
  const wanted = before.sequence + place.wire.number - (place.wire.side === 'before' ? 1 : 0)
  if (left.sequence !== wanted) throw new Error(`the kill left record ${left.sequence}, it should have left ${wanted}`)
}

async function wrongServed(ground: Ground, { activeTag }: SeenState): Promise<string[]> {
  const served = await ground.served()
  return served.every((tag) => tag === activeTag) ? [] : [`${served.join(' and ')} are served, the record says ${activeTag}`]
}

function told(place: Place): string {
  if ('instant' in place) return `after ${Math.round(place.instant)} ms`
  const { to, number, side } = place.wire
  return `${side} rename ${number} to ${to.source}`
}
