import type { Finding } from '../diagnosis/finding.ts'

/** What scripts go by (docs/doctor.md). */
export const exitCodes = {
  /** Nothing is wrong; there may be warnings. */
  well: 0,
  /** Something is wrong. */
  wrong: 1,
  /** The command line was not understood. */
  usage: 2,
  /** It could not be found out: the updater answers, but not us. */
  unknown: 3,
} as const

/** @param told whether everything that there is to look at was looked at, or the updater was found not to answer at all */
export function exitCodeOf(findings: readonly Finding[], told: boolean): number {
  if (findings.some(({ verdict }) => verdict === 'wrong')) return exitCodes.wrong
  return told ? exitCodes.well : exitCodes.unknown
}
