import { asSentence } from '../rollout/errors.ts'
import type { Check } from './check.ts'
import { ok, wrong, type Judgement } from './finding.ts'

/** What the updater says of itself. */
export interface UpdaterView {
  readonly uptimeSeconds: number
  /** Why it takes nothing on; null when it does. */
  readonly observing: string | null
  /** What it would do if it had a record; null once it has one. */
  readonly waiting: string | null
}

/** Whether it looks after the stack at all. */
export function updaterCheck(view: UpdaterView): Check {
  return { id: 'updater', look: () => Promise.resolve(judgeUpdater(view)), mend: 'Read the log of the updater.' }
}

export function judgeUpdater({ uptimeSeconds, observing, waiting }: UpdaterView): Judgement {
  if (observing !== null) return wrong(asSentence(`The updater only observes: ${observing}`), 'Mend what is named; most of it wants a restart of the updater.')
  if (waiting !== null) return wrong(asSentence(`The updater has not taken the stack over: ${waiting}`), 'Mend what is named; it is tried again by itself.')
  return ok(`The updater looks after the stack, for ${Math.floor(uptimeSeconds / 60)} min since its start.`)
}
