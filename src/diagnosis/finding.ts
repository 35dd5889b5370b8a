/**
 * Every check, in the order in which it is told. Stable for scripts; docs/doctor.md has a row for each, and a test holds
 * the two together.
 */
export const checkIds = [
  'updater', 'settings', 'secret', 'socket', 'engine', 'compose', 'project_mount', 'routes_place', 'engine_disk', 'state_disk',
  'clock', 'remote', 'entry_points', 'previews', 'reload', 'record', 'agreement', 'standby', 'leftovers', 'tree', 'holds',
] as const
export type CheckId = (typeof checkIds)[number]

/** `warning`: it serves, and somebody should know. `wrong`: something does not work, or will not when it is needed. */
export const verdicts = ['ok', 'warning', 'wrong', 'not_checked'] as const
export type Verdict = (typeof verdicts)[number]

/** What a look at one thing led to. */
export interface Judgement {
  readonly verdict: Verdict
  /** What was found, in one sentence. */
  readonly found: string
  /** What to do about it, in one sentence; null where there is nothing to do. */
  readonly advice: string | null
}

export interface Finding extends Judgement {
  readonly check: CheckId
}

export function ok(found: string): Judgement {
  return { verdict: 'ok', found, advice: null }
}

export function warning(found: string, advice: string): Judgement {
  return { verdict: 'warning', found, advice }
}

export function wrong(found: string, advice: string): Judgement {
  return { verdict: 'wrong', found, advice }
}

/** It could not be looked at here, or not now: neither good nor bad. */
export function notChecked(found: string, advice: string | null = null): Judgement {
  return { verdict: 'not_checked', found, advice }
}

/** Findings in the order of `checkIds`. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => checkIds.indexOf(a.check) - checkIds.indexOf(b.check))
}
