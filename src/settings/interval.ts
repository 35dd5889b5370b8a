import { assertCronExpression } from '../polling/schedule.ts'
import type { Schedule } from '../polling/schedule.ts'

const longestMinutes = 7 * 24 * 60
const shortestMinutes = 0.01

/** Reads `AUTO_UPDATE_CHECK_INTERVAL_MINUTES`: minutes or a cron expression; else the sentence that says what is wrong. */
export function readSchedule(text: string): Schedule | string {
  const minutes = Number(text)
  if (!Number.isNaN(minutes)) {
    if (minutes >= shortestMinutes && minutes <= longestMinutes) return { kind: 'every', milliseconds: Math.round(minutes * 60_000) }
    return `must be from ${shortestMinutes} to ${longestMinutes} minutes, is "${text}"`
  }
  try {
    assertCronExpression(text)
    return { kind: 'cron', expression: text }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return `must be minutes such as 15, or a cron expression such as "*/15 * * * *", is "${text}" (${why})`
  }
}
