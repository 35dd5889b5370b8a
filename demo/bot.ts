import type { GatewayReport } from './stack/stack.ts'

/** For how long there was no bot at all since a moment, ms in total. */
export function awaySince(report: GatewayReport, since: number): number {
  return report.away.filter(({ from }) => momentOf(from) >= since).reduce((sum, { ms }) => sum + ms, 0)
}

/** A time as the gateway tells it, ms since the epoch. */
export function momentOf(time: number | string): number {
  return typeof time === 'number' ? time : Date.parse(time)
}
