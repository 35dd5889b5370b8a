import { adopted, flowing } from './chapters/opening.ts'
import { expectOfAll, summarize, verdict } from './chapters/closing.ts'
import { createExpectations, exitCodeOf } from './expectations.ts'
import { tellHowToTalk } from './keeping.ts'
import { showLogs } from './leftovers.ts'
import { tellExpectation, tellMoment } from './printing/progress.ts'
import type { Screen } from './printing/screen.ts'
import type { Daemon } from './stack/daemon.ts'
import { releaseOf } from './stack/load-targets.ts'
import { startLoad, type Load } from './stack/load.ts'
import type { Stack } from './stack/stack.ts'
import type { Stage } from './stage.ts'
import { expectedServing, firstRelease, story, tell } from './story.ts'
import { createWatch } from './watch.ts'

export interface RunOptions {
  readonly screen: Screen
  /** Aborts when somebody wants it to end. */
  readonly signal: AbortSignal
  readonly keep: boolean
}

/**
 * Tells the whole story on a stack that was just started, and ends the stack, whatever happens; unless it is to be kept.
 * @returns the exit code
 */
export async function run(stack: Stack, { screen, signal, keep }: RunOptions): Promise<number> {
  const quiet = <T>(tell: (screen: Screen, told: T) => void) => (told: T): void => {
    if (!signal.aborted) tell(screen, told)
  }
  const watch = createWatch(quiet(tellMoment))
  const expectations = createExpectations(quiet(tellExpectation))
  let load: Load | null = null
  let stays = false
  try {
    signal.throwIfAborted()
    screen.moment(`${firstRelease} serves: skills on ${stack.entryPoints.skills}, api on ${stack.entryPoints.api}`)
    const updater = await stack.startUpdater({ onLine: (line) => watch.onLine(line) })
    await adopted(stack, screen, signal)
    load = startLoad(stack.loadTargets, releaseOf, loadPause)
    await flowing(load, screen, signal)
    const stage: Stage = { stack, load, watch, expectations, screen, signal, told: [] }
    const outcome = await untilAborted(Promise.race([perform(stage), endOf(updater)]), signal)
    if (outcome !== 0) await showLogs(stack.project.root, screen)
    if (keep && stack.leave !== undefined) {
      await stack.leave()
      stays = true
      tellHowToTalk({ stack, screen })
    }
    return outcome
  } catch (error) {
    if (signal.aborted) throw error
    screen.line()
    screen.line(screen.paint('red', `✗ ${error instanceof Error ? error.message : String(error)}`))
    await showLogs(stack.project.root, screen)
    return 1
  } finally {
    try {
      await load?.stop()
    } finally {
      if (!stays) await stack.close()
    }
  }
}

/** Leaves a machine with two cores something for the rollouts themselves, ms. */
const loadPause = 40

async function perform(stage: Stage): Promise<number> {
  await tell(story, stage)
  await stage.load.stop()
  const until = Date.now()
  const complete = stage.expectations.unmet === 0
  if (!complete) stage.screen.moment('the rest of the story stands on this, and is not told')
  await expectOfAll(stage, complete ? expectedServing : null)
  await summarize(stage, until)
  verdict(stage)
  return exitCodeOf(stage.expectations)
}

/** Nothing of the story ends the updater. */
async function endOf(updater: Daemon): Promise<never> {
  const { code, signal } = await updater.exited
  throw new Error(`the updater ended in the middle of it, with ${signal ?? `exit code ${String(code)}`}`)
}

/** What is under way may still be waiting for an answer of up to 15 minutes; its end is that of the stack. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const done = new AbortController()
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('ended early', { cause: signal.reason })), { once: true, signal: done.signal })
  })
  return Promise.race([work, aborted]).finally(() => done.abort())
}
