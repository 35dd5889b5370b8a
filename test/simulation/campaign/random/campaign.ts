import { asyncProperty, check } from 'fast-check'
import { schedules } from './arbitraries.ts'
import { play, type Plant, type Played } from './play.ts'

export interface CampaignOptions {
  readonly seed: number
  /** How many schedules are played. */
  readonly schedules: number
  /** Of a failure that is played again: leads to its shrunk schedule at once. */
  readonly path?: string
  readonly plant?: Plant
  /** Time of the processor after which no further schedule is begun, ms of this process; default: none. */
  readonly limit?: number
}

export interface Campaign {
  readonly played: number
  /** Of wall clock. */
  readonly seconds: number
  /** How many schedules reached what. */
  readonly reached: ReadonlyMap<string, number>
  /** The shrunk story of the first failure, and how to play it again; null when no rule was ever broken. */
  readonly failure: string | null
}

/** Each has a seed of its own. */
export const lanes = 8
/** Worlds that are played at once: they share nothing. A turn of the event loop moves all of them, but the more there are, the more of them the garbage collector copies. */
const atOnce = 4

/** Plays schedules by chance until one fails or all are played. The seed decides all of them. */
export async function playCampaign({ seed, schedules: wanted, path, plant, limit }: CampaignOptions): Promise<Campaign> {
  const begun = performance.now()
  const usedBefore = process.cpuUsage()
  const isSpent = (): boolean => limit !== undefined && millisecondsOf(process.cpuUsage(usedBefore)) > limit
  const reached = new Map<string, number>()
  let played = 0
  const playLane = async (laneSeed: number, runs: number): Promise<string | null> => {
    const property = asyncProperty(schedules, async (schedule) => {
      if (isSpent()) return true
      const result = await play(schedule, plant)
      played += 1
      for (const mark of result.marks) reached.set(mark, (reached.get(mark) ?? 0) + 1)
      return result.broken === null
    })
    const { failed, counterexample, counterexamplePath, numShrinks } = await check(property, {
      seed: laneSeed, numRuns: runs, ...(path !== undefined && { path }),
    })
    if (!failed || counterexample === null) return null
    return tellFailure(await play(counterexample[0], plant), laneSeed, counterexamplePath ?? '', numShrinks)
  }
  const laneCount = path === undefined ? Math.min(lanes, wanted) : 1
  const failures: (string | null)[] = []
  for (let first = 0; first < laneCount; first += atOnce) {
    const together = [...Array(laneCount).keys()].slice(first, first + atOnce)
    failures.push(...await Promise.all(together.map((lane) => playLane(seed + lane, Math.ceil((wanted - lane) / laneCount)))))
  }
  return {
    played, reached, seconds: (performance.now() - begun) / 1_000,
    failure: failures.find((failure) => failure !== null) ?? null,
  }
}

function millisecondsOf({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1_000
}

/** What was reached and by how many, the most frequent first. */
export function distribution({ played, reached }: Campaign): string {
  return [...reached].toSorted(([, a], [, b]) => b - a).map(([mark, count]) => `  ${(count / played * 100).toFixed(2).padStart(6)} %  ${mark}`).join('\n')
}

function tellFailure({ story, broken }: Played, seed: number, path: string, shrinks: number): string {
  const [rule = 'it did not fail again: the world is not deterministic', ...rest] = (broken ?? '').split('\n')
  return [
    `seed ${seed}, path ${path}, shrunk ${shrinks} times:`,
    ...story.map((sentence, index) => `${index + 1}. ${sentence}`),
    `→ ${rule}`,
    '', `Play it again: ZETHERION_SEED=${seed} ZETHERION_PATH=${path} npx vitest run --project campaigns test/simulation/campaign/random/`,
    '', ...rest,
  ].join('\n')
}
