import { expect, type TestContext } from 'vitest'
import type { Answer } from '../../../demo/stack/client.ts'
import type { LogLine } from '../../../demo/stack/daemon.ts'
import type { Failed } from '../../../demo/stack/load.ts'
import { tellFigure } from '../../reporting/figures.ts'
import { eventually } from '../../sandbox/daemon/waiting.ts'
import { watchBots } from '../kill/bot-watch.ts'
import { evidence, otherThan, resumed, untilAtRest, type HurtStack } from '../kill/hurt-stack.ts'
import { seenRecord } from '../kill/record-look.ts'

/** Watches the updater's log for the moment at which trouble begins. */
export interface Moments {
  /** Give it to `startUpdater`. */
  readonly onLine: (line: LogLine) => void
  /** Does something at the very moment at which a step begins; once. Settles when that is done. */
  at(step: string, action: () => Promise<void> | void): Promise<void>
}

export function createMoments(): Moments {
  const waiting: { step: string; begin: () => void }[] = []
  return {
    onLine({ event, step }) {
      if (event !== 'step_started') return
      const index = waiting.findIndex((one) => one.step === step)
      if (index >= 0) waiting.splice(index, 1)[0]?.begin()
    },
    at: (step, action) => new Promise<void>((resolve, reject) => {
      waiting.push({ step, begin: () => void Promise.resolve(action()).then(resolve, reject) })
    }),
  }
}

/** How an operation under trouble ended. */
export interface Ended {
  readonly answer: Answer | null
  /** From the end of the trouble until everything agreed again, ms. */
  readonly restored: number
}

export interface Trouble {
  /** What is asked for while the trouble comes; null: nothing. */
  readonly ask: () => Promise<Answer | null>
  /** The trouble; settles when it has begun. */
  readonly begins: Promise<void>
  /** Ends it. */
  readonly end?: () => Promise<void> | void
  /** The trouble lasts a second at least, and until this; default: until the operation was answered. */
  readonly until?: () => Promise<unknown>
  /** Which failed requests are the updater's; default: all of them. */
  readonly ours?: (failed: Failed) => boolean
  /** Whether the engine's events can be followed all along; default: they can. */
  readonly watched?: boolean
}

/**
 * Lets trouble come over an operation and go again; then everything is restored, with one bot at every moment and without a failed request
 * that the updater could have helped.
 */
export async function through(hurt: HurtStack, context: Pick<TestContext, 'task'>, trouble: Trouble): Promise<Ended> {
  const { ask, begins, end = () => undefined, ours = () => true, watched = true } = trouble
  await resumed(hurt)
  const { stack, load, engine } = hurt
  const [failedBefore, sentBefore] = [load.failed.length, load.sent]
  let over = false
  const bots = watched ? await watchBots(engine.socketPath) : { wrong: [], end: () => undefined }
  try {
    const asking = ask()
    await eventually('the moment of the trouble', () => Promise.race([begins.then(() => true), new Promise<null>((resolve) => setTimeout(resolve, 20, null))]))
    await Promise.all([trouble.until?.() ?? asking, new Promise((resolve) => setTimeout(resolve, shortest))])
    over = true
    await end()
    const restored = await untilAtRest(hurt)
    const answer = await asking
    const allFailed = load.failed.slice(failedBefore)
    const failed = allFailed.filter(ours)
    tellFigure(context, { name: 'requests under load', value: load.sent - sentBefore, together: 'sum' })
    tellFigure(context, { name: 'failed requests under load', value: failed.length, together: 'sum' })
    tellFigure(context, { name: 'requests that failed because engine or Traefik was dead, or a container was stopped by hand', value: allFailed.length - failed.length, together: 'sum' })
    tellFigure(context, { name: 'longest restoration after a fault of engine or Traefik, ms', value: restored, together: 'most' })
    expect(restored, 'ms until everything was restored').toBeLessThan(longest)
    expect(failed, 'requests that failed').toEqual([])
    expect(bots.wrong, 'moments with two bots').toEqual([])
    expect((await stack.gateway()).overlaps, 'moments with two bots at the gateway').toBe(0)
    return { answer, restored }
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n\n${await evidence(hurt)}`, { cause: error })
  } finally {
    bots.end()
    if (!over) await end()
  }
}

const shortest = 1_000

/** 10 s are promised from the end of a fault on (invariants.md); the rest is for a machine that does much else, ms. */
const longest = 45_000

/** Asks for the good release that does not run just then. */
export async function applyOther({ stack }: HurtStack): Promise<Answer> {
  return applyOf(stack, otherThan(await seenRecord(stack.project.state)))
}

export function applyOf(stack: HurtStack['stack'], tag: string): Promise<Answer> {
  return stack.updater.post('/update/apply', { tag, version: tag.slice(1) })
}
