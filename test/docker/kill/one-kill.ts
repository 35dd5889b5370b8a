import { expect } from 'vitest'
import { launchOn } from '../../kill/ground.ts'
import type { SeenState } from '../../kill/observer/state-file.ts'
import { wrongOutcome } from '../../kill/outcome.ts'
import { watchBots } from './bot-watch.ts'
import { evidence, restsWhile, resumed, untilAtRest, type HurtStack } from './hurt-stack.ts'
import type { Outside } from './outside.ts'
import { followTo, seenWorld, wireOf, wrongLanding, type Place, type World, type WrittenPlace } from './place.ts'
import { placeOf, seenRecord } from './record-look.ts'

/** Where kills happen, and who watches. */
export interface Ground {
  readonly hurt: HurtStack
  readonly outside: Outside
  /** Told with each failure. */
  readonly seed: number
}

export interface Kill {
  readonly wish: { readonly kind: 'apply'; readonly tag: string } | { readonly kind: 'rollback'; readonly tag: string }
  readonly place: Place
  /**
   * Further kills, of the updaters that recover: each so many ms after its start, or one at each boundary of the record until one comes
   * through; default: none.
   */
  readonly again?: readonly number[] | 'at each boundary'
}

/** A kill that was survived, and those of its recovery. */
export interface Survived {
  readonly kills: number
  /** The record as the first one left it. */
  readonly left: SeenState
  /** How many times the record had been written since the operation was asked for. */
  readonly writes: number
  /** From the start of the last updater until everything agrees, ms. */
  readonly recovery: number
}

/** How long an operation may take to reach the place of its kill, ms; a place that is a time has that time besides. */
const placeLimit = 40_000

/**
 * Asks for an operation, kills the updater at a place of it, starts another one, and holds what users, engine, files and API
 * show against what must be: killed where it was ordered, back before the commit point, finished after it, one bot at every moment,
 * no failed request.
 * @throws Error with everything that one needs to find out why
 */
export async function survive({ hurt, outside, seed }: Ground, kill: Kill): Promise<Survived> {
  await outside.whileUnpausing(() => resumed(hurt))
  const before = await seenWorld(hurt)
  const failedBefore = hurt.load.failed.length
  const bots = await watchBots(hurt.engine.socketPath)
  let left: SeenState | null = null
  try {
    left = await killAt(hurt, kill, before)
    const recovered = await recover(hurt, kill.again ?? [])
    const after = await seenRecord(hurt.stack.project.state)
    expect(after.activeTag, 'what serves after the recovery').toBe(expected(before.record, left))
    expect(wrongOutcome(recovered.left, after), 'the outcome').toEqual([])
    expect(hurt.load.failed.slice(failedBefore), 'requests that failed').toEqual([])
    expect(bots.wrong, 'moments with two bots').toEqual([])
    expect(outside.complaints, 'what was seen from outside').toEqual([])
    return { kills: 1 + recovered.kills, left, writes: left.sequence - before.record.sequence, recovery: recovered.took }
  } catch (error) {
    const { activeTag, activeColor } = before.record
    const story = `${JSON.stringify(kill)} from ${activeTag} on ${activeColor}, ${left === null ? 'not killed there' : `dead at: ${placeOf(left)}`}; ZETHERION_SEED=${seed}`
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n\n${story}\n\nseen from outside:\n${outside.story()}\n\n${await evidence(hurt)}`, { cause: error })
  } finally {
    bots.end()
  }
}

/** Before the commit point what served before; after it what was asked for. */
function expected(before: SeenState, left: SeenState): string {
  const { operation } = left
  return operation === null || operation.phase === 'retiring' ? left.activeTag : before.activeTag
}

/** @returns the record that the kill left @throws Error when it came anywhere else than ordered */
async function killAt(hurt: HurtStack, { wish, place }: Kill, before: World): Promise<SeenState> {
  const { stack, engine, tripwire } = hurt
  const wire = wireOf(place, before)
  if (wire !== null) await tripwire.arm({ ...wire, signal: 'SIGKILL' })
  const following = place.kind === 'event' || place.kind === 'instant' ? await followTo(place, engine.socketPath) : null
  const daemon = stack.daemon()
  const answer = ask(hurt, wish)
  // Not by way of the promise of its end: the signal has to be on its way in this very moment.
  const dead = following === null ? daemon.exited : following.reached.then(() => void process.kill(daemon.pid, 'SIGKILL')).then(() => daemon.exited)
  try {
    await within(placeLimit + (place.kind === 'instant' ? place.milliseconds : 0), `the place ${JSON.stringify(place)}`, [dead, answer.then((status) => ended(status, dead))])
  } finally {
    following?.end()
    await tripwire.disarm()
  }
  await answer
  return landed(hurt, place, before)
}

async function landed(hurt: HurtStack, place: Place, before: World): Promise<SeenState> {
  const left = await seenWorld(hurt)
  const wrong = wrongLanding(place, before, left)
  if (wrong.length > 0) throw new Error(wrong.join('\n'))
  return left.record
}

/** The operation answers at its commit point: places after that are still to come. */
function ended(status: number | null, dead: Promise<unknown>): Promise<unknown> {
  return status === null || status === 200 || status === 500 ? dead : Promise.reject(new Error(`the operation was not taken on: it was answered with ${status}`))
}

async function ask({ stack }: HurtStack, wish: Kill['wish']): Promise<number | null> {
  const call = wish.kind === 'apply'
    ? stack.updater.post('/update/apply', { tag: wish.tag, version: wish.tag.slice(1) })
    : stack.updater.post('/update/rollback', { previous_sha: stack.project.release(wish.tag).commit })
  return call.then(({ status }) => status, () => null) // the connection broke: it was killed
}

async function within(limit: number, what: string, reached: readonly Promise<unknown>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} was not reached within ${limit} ms`)), limit)
  })
  try {
    await Promise.race([...reached, over])
  } finally {
    clearTimeout(timer)
  }
}

interface Recovered {
  readonly kills: number
  /** The record from which the last one started. */
  readonly left: SeenState
  readonly took: number
}

async function recover(hurt: HurtStack, again: NonNullable<Kill['again']>): Promise<Recovered> {
  if (again === 'at each boundary') return recoverOverBoundaries(hurt)
  const { stack, env } = hurt
  for (const milliseconds of again) {
    const daemon = await launchOn(stack, env)
    await new Promise((resolve) => setTimeout(resolve, milliseconds))
    await daemon.kill()
  }
  const left = await seenRecord(stack.project.state)
  const begun = performance.now()
  await stack.startUpdater({ env })
  await untilAtRest(hurt)
  return { kills: again.length, left, took: performance.now() - begun }
}

/** Each start dies at the next boundary of the record, until one reaches none any more. */
async function recoverOverBoundaries(hurt: HurtStack): Promise<Recovered> {
  const { stack, env, tripwire } = hurt
  for (let boundary = 0; ; boundary += 1) {
    const before = await seenWorld(hurt)
    const place: WrittenPlace = { kind: 'write', number: 1 + Math.floor(boundary / 2), side: boundary % 2 === 0 ? 'before' : 'after' }
    const wire = wireOf(place, before)
    if (wire !== null) await tripwire.arm({ ...wire, signal: 'SIGKILL' })
    const begun = performance.now()
    const daemon = await launchOn(stack, env)
    const rests = await restsWhile(hurt, () => daemon.alive)
    const took = performance.now() - begun
    await tripwire.disarm()
    if (rests) return { kills: boundary, left: before.record, took }
    await landed(hurt, place, before)
  }
}
