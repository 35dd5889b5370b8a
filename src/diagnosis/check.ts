import { asSentence, sentenceOf } from '../rollout/errors.ts'
import { untilAborted } from '../rollout/within.ts'
import { inOrder, wrong, type CheckId, type Finding, type Judgement } from './finding.ts'

/** One look at one thing. It changes nothing. */
export interface Check {
  readonly id: CheckId
  /** Whatever it throws is a finding too: the thing does not work. */
  readonly look: (signal: AbortSignal) => Promise<Judgement>
  /** What to do when the look itself fails, in one sentence. */
  readonly mend: string
}

/** Looks at everything side by side. Never rejects; what gives no answer before the signal aborts is told as such. */
export async function examine(checks: readonly Check[], signal: AbortSignal): Promise<Finding[]> {
  return inOrder(await Promise.all(checks.map(async ({ id, look, mend }) => ({ check: id, ...(await judge(look, mend, signal)) }))))
}

async function judge(look: Check['look'], mend: string, signal: AbortSignal): Promise<Judgement> {
  try {
    return await untilAborted(signal, look(signal))
  } catch (error) {
    return wrong(signal.aborted ? 'There was no answer within the time of a look.' : asSentence(sentenceOf(error)), mend)
  }
}

/** For people: `1.2 GB`. */
export function amountOf(bytes: number): string {
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${Math.round(bytes / 1e8) / 10} GB`
}

/** For people: `skills`, `skills and api`, `a, b and c`. */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`
}
