import { momentOf } from '../bot.ts'
import type { Served } from '../stack/load.ts'
import type { GatewayReport } from '../stack/stack.ts'

/** What is drawn of one run. Times are ms since the epoch. */
export interface Run {
  readonly served: readonly Served[]
  readonly away: GatewayReport['away']
  readonly from: number
  readonly to: number
}

const columns = 72

/** One character for each slice of time: the release's minor version for what answered last in it, `●` while there was a bot. */
export function servingStrip({ served, away, from, to }: Run): string[] {
  const slice = (to - from) / columns
  const draw = (charAt: (start: number, end: number) => string): string =>
    Array.from({ length: columns }, (_, column) => charAt(from + column * slice, from + (column + 1) * slice)).join('')
  const targets = [...new Set(served.map(({ target }) => target))].sort().toReversed()
  return [
    ...targets.map((target) => `${target.padEnd(8)}${draw((start, end) => answering(served.filter((span) => span.target === target), start, end))}`),
    `${'bot'.padEnd(8)}${draw((start, end) => (away.some((span) => momentOf(span.from) < end && momentOf(span.to) > start) ? '·' : '●'))}`,
    `${' '.repeat(8)}${(slice / 1000).toFixed(1)} s a character; a digit n: v1.n.0 answered; · no bot for a part of it`,
  ]
}

function answering(served: readonly Served[], start: number, end: number): string {
  // The shortest of them, so that a release that had the traffic for a moment only is seen.
  const [span] = served.filter(({ from, to }) => from < end && to >= start).sort((a, b) => a.to - a.from - (b.to - b.from))
  return span === undefined ? ' ' : (span.release.split('.')[1] ?? '?')
}
