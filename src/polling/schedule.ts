import { Cron } from 'croner'

/** When polling looks: on an interval, or as a cron expression says (in the time zone of the process). */
export type Schedule =
  | { readonly kind: 'every'; readonly milliseconds: number }
  | { readonly kind: 'cron'; readonly expression: string }

/** @throws croner's error, whose message says what is wrong */
export function assertCronExpression(expression: string): void {
  if (nextRun(expression, new Date()) === null) throw new Error('it never comes round')
}

/**
 * The first look at or after `earliest`, in milliseconds since the epoch.
 * @param from when the last look ended
 * @param earliest not before this moment: a backoff never looks outside the schedule, which may be a maintenance window
 */
export function nextLook(schedule: Schedule, from: number, earliest: number): number {
  if (schedule.kind === 'every') return Math.max(from + schedule.milliseconds, earliest)
  // croner answers with a time strictly after its argument.
  const next = nextRun(schedule.expression, new Date(Math.max(from, earliest - 1)))
  // An expression with a year may run out; a day later is asked again, and the answer stays the same.
  return next === null ? Math.max(from, earliest) + 86_400_000 : next.getTime()
}

function nextRun(expression: string, after: Date): Date | null {
  return new Cron(expression, { paused: true }).nextRun(after)
}
