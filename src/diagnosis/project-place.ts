import type { Clock } from '../rollout/ports.ts'
import { within } from '../rollout/within.ts'
import { projectMount } from './engine.ts'
import type { Installation } from './installation.ts'

/** Whether Compose and the engine mean the same directory by the project's path (fault 33). */
export interface ProjectPlace {
  /** Why nothing may be changed, with the mend; null when nothing speaks against it, or it is not known yet. */
  problem(): string | null
  /**
   * Asks the engine, which knows the mounts of this process's container. One that does not answer soon is asked again and
   * again behind the caller's back: traffic may have to go back meanwhile. Never rejects.
   * @param signal ends the asking
   */
  look(signal: AbortSignal): Promise<void>
}

/** A mount lasts as long as its container, and so as this process: what was told once is not asked again. */
export function createProjectPlace({ engine, projectDirectory }: Pick<Installation, 'engine' | 'projectDirectory'>, clock: Clock): ProjectPlace {
  let problem: string | null = null
  const isTold = async (signal: AbortSignal): Promise<boolean> => {
    if (engine === null) return true
    try {
      const { verdict, found, advice } = await within(clock, longestAnswer, 'Looking at the mounts of the updater', signal, (asking) => projectMount(engine, projectDirectory, asking))
      problem = verdict === 'wrong' ? [found, advice].join(' ') : null
      return true
    } catch {
      return false // the watch and the finding about the engine tell that it does not answer
    }
  }
  const goOnAsking = async (signal: AbortSignal): Promise<void> => {
    do await clock.sleep(askEvery, signal)
    while (!(await isTold(signal)))
  }
  return {
    problem: () => problem,
    async look(signal) {
      if (await isTold(signal)) return
      goOnAsking(signal).catch(() => undefined) // only the signal ends it
    },
  }
}

/** One inspect takes some ms. */
const longestAnswer = { name: 'mounts', milliseconds: 2_000 }
/** ms */
const askEvery = 5_000
