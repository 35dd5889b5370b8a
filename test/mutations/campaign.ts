import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundleDetector } from './bundle.ts'
import { runDetector, type Ended } from './child.ts'
import type { Report } from './detector/report.ts'
import type { Placed } from './mutations.ts'

/** What came of one mutation. */
export interface Outcome {
  readonly mutation: Placed
  /** What caught it; null when it survived. */
  readonly caught: NonNullable<Report['found']> | null
  /** Why it counts as survived although the detector did not call it clean; null otherwise. */
  readonly crash: string | null
  readonly runs: number
  /** From the start of the detector's process to its end. */
  readonly milliseconds: number
}

export interface CampaignOptions {
  readonly mutations: readonly Placed[]
  /** Detectors that run at once. */
  readonly workers: number
  /** For one detector, ms. */
  readonly limit: number
  readonly onOutcome?: (outcome: Outcome) => void
}

/**
 * Makes each mistake in turn and has the detector look for it.
 * @returns the outcomes in the order of the list
 * @throws when the code as it stands is not clean, or a mutation is out of date
 */
export async function runCampaign({ mutations, workers, limit, onOutcome }: CampaignOptions): Promise<Outcome[]> {
  const directory = await mkdtemp(join(tmpdir(), 'zetherion-mutations-'))
  try {
    const outcomes: Outcome[] = []
    const left = [...mutations.entries()]
    const failed = new AbortController()
    const bounds = { directory, limit, signal: failed.signal }
    const work = async (worker: number): Promise<void> => {
      // The longest of all: it begins with the first mutations, and what it finds ends the campaign.
      if (worker === 0) checkClean((await detect(bounds, 'as-it-stands', null)).ended)
      for (let next = left.shift(); next !== undefined && !failed.signal.aborted; next = left.shift()) {
        const [index, mutation] = next
        const outcome = outcomeOf(mutation, await detect(bounds, `mutation-${index}`, mutation))
        outcomes[index] = outcome
        onOutcome?.(outcome)
      }
    }
    await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker).catch((error: unknown) => failed.abort(error))))
    failed.signal.throwIfAborted()
    return outcomes
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Where the code as it stands is not clean, a finding shows nothing. */
function checkClean(ended: Ended): void {
  if (ended.kind === 'crash') throw new Error(`The detector crashes on the code as it stands: ${ended.why}`)
  const { found, runs } = ended.report
  if (found !== null) throw new Error(`The code as it stands breaks a rule, so nothing can be shown. ${found.rule}, in "${found.run}": ${found.sentence}`)
  if (runs === 0) throw new Error('The detector runs nothing.')
}

interface Bounds {
  readonly directory: string
  readonly limit: number
  /** Ends detectors that run when another one has ended the campaign. */
  readonly signal: AbortSignal
}

interface Detected {
  readonly ended: Ended
  readonly milliseconds: number
}

async function detect({ directory, limit, signal }: Bounds, name: string, mutation: Placed | null): Promise<Detected> {
  const bundle = join(directory, `${name}.cjs`)
  await bundleDetector(bundle, mutation)
  const begun = performance.now()
  const ended = await runDetector(bundle, mutation?.area ?? null, limit, signal)
  await rm(bundle)
  return { ended, milliseconds: performance.now() - begun }
}

function outcomeOf(mutation: Placed, { ended, milliseconds }: Detected): Outcome {
  if (ended.kind === 'crash') return { mutation, caught: null, crash: ended.why, runs: 0, milliseconds }
  return { mutation, caught: ended.report.found, crash: null, runs: ended.report.runs, milliseconds }
}
