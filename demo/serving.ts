import type { Served } from './stack/load.ts'

/** A release that answered, from when to when (ms since the epoch), on all targets together. */
export interface Episode {
  readonly release: string
  readonly from: number
  to: number
  requests: number
}

/** Answers that were under way while the routes changed arrive among the next release's; they belong to the span before. */
const underWay = 250

/** What served, in order. At a switch episodes may overlap by the answers that were under way. */
export function episodesOf(served: readonly Served[]): Episode[] {
  const episodes: Episode[] = []
  for (const { release, from, to, requests } of [...served].sort((a, b) => a.from - b.from)) {
    const same = episodes.findLast((episode) => episode.release === release && from - episode.to < underWay)
    if (same === undefined) episodes.push({ release, from, to, requests })
    else {
      same.to = Math.max(same.to, to)
      same.requests += requests
    }
  }
  return episodes
}

/** The release that answered last on each target. */
export function servesNow(served: readonly Served[]): Record<string, string> {
  return Object.fromEntries(served.map(({ target, release }) => [target, release]))
}

/** When a release answered for the last time since a moment; null when it did not at all. */
export function lastAnswerOf(served: readonly Served[], release: string, since: number): number | null {
  const ends = served.filter((span) => span.release === release && span.to >= since).map(({ to }) => to)
  return ends.length === 0 ? null : Math.max(...ends)
}
