import type { LogLine } from '../demo/stack/daemon.ts'
import { Missing, type Bench } from './bench.ts'
import { handOf, type Durations } from './rollout/by-hand.ts'
import { publishRelease } from './rollout/more-releases.ts'
import { dockerMissing, ownDockerStack, type OwnDockerStack } from './stacks.ts'
import type { Row } from './table.ts'

/** Gates want three answers in a row, 50 ms apart: directly, as a preview, routed. */
const gateMinima = 3 * 2 * 50

/** For what is no part of the measurement: the first look at the stack, and the retiring of the old color, ms. */
const waitLimit = 60_000

/** Between two rollouts, so that what the updater tidies up after one does not slow the next one, ms. */
const rest = 4_000

/** Which of the updater's steps make up each part; what is in none of them is between the steps. */
const parts: Readonly<Record<string, RegExp>> = {
  'fetch and checkout': /^git_/,
  'preflight': /^preflight$/,
  'build': /^docker_build$/,
  'start standby': /^start_/,
  'health': /^health_zetherion/,
  'preview': /^health_preview_/,
  'switch': /^(?:route_switch|health_routed_)/,
  'bot': /^(?:restart_bot|health_bot)$/,
  'commit': /^commit$/,
}

/**
 * A release applied by the updater up to its commit point, when the caller is answered, and one by hand with the same calls, by turns
 * on two stacks with an engine each. Drain, stop of the old color and the operator's tree come after the answer.
 */
export const rolloutBench: Bench = {
  name: 'rollout',
  runs: 5,
  measure: async (runs, say) => {
    const why = dockerMissing()
    if (why !== undefined) throw new Missing(why)
    const ours = await ownDockerStack()
    try {
      const theirs = await ownDockerStack()
      try {
        return await compare(ours, theirs, runs, say)
      } finally {
        await theirs.close()
      }
    } finally {
      await ours.close()
    }
  },
}

async function compare(ours: OwnDockerStack, theirs: OwnDockerStack, runs: number, say: (progress: string) => void): Promise<Row[]> {
  const byUpdater = await updaterOf(ours)
  const byHand = await handOf(theirs)
  const measured: { ours: Durations; theirs: Durations }[] = []
  // The first of each meets empty caches and is not counted.
  for (let run = 0; run <= runs; run += 1) {
    const durations: { ours: Durations; theirs: Durations } = { ours: {}, theirs: {} }
    const turns = [
      async () => { durations.ours = await byUpdater(run + 1) },
      async () => { durations.theirs = await byHand(await publishRelease(theirs.stack.project, run + 1)) },
    ]
    for (const turn of run % 2 === 0 ? turns : turns.toReversed()) {
      await turn()
      await new Promise((resolve) => setTimeout(resolve, rest))
    }
    if (run > 0) measured.push(durations)
    say(`rollout ${run} of ${runs}: ${JSON.stringify(rounded(durations))}`)
  }
  const totals = measured.map((run) => ({ ours: run.ours['total'] ?? 0, theirs: sum(run.theirs) }))
  return [
    { what: 'rollout by the updater until its commit, gate minima taken off', unit: 'ms', samples: totals.map((total) => total.ours) },
    { what: 'the same calls by hand', unit: 'ms', samples: totals.map((total) => total.theirs), raw: true },
    { what: 'what the updater adds', unit: '%', samples: totals.map((total) => (total.ours / total.theirs - 1) * 100), goal: 20 },
    ...[...Object.keys(parts), 'between steps'].flatMap((part): Row[] => [
      { what: `… ${part}`, unit: 'ms', samples: measured.map((run) => run.ours[part] ?? 0) },
      ...(measured.some((run) => part in run.theirs) ? [{ what: `${part} by hand`, unit: 'ms' as const, samples: measured.map((run) => run.theirs[part] ?? 0), raw: true }] : []),
    ]),
  ]
}

/** Starts the updater; each call applies one more release and tells how long its parts took. */
async function updaterOf({ stack }: OwnDockerStack): Promise<(number: number) => Promise<Durations>> {
  let lines: LogLine[] = []
  await stack.startUpdater({ onLine: (line) => lines.push(line) })
  await until('the updater did not take the stack over', async () => typeof (await stack.updater.get('/status')).body['active_color'] === 'string')
  return async (number) => {
    const { tag, version } = await publishRelease(stack.project, number)
    lines = []
    const begun = performance.now()
    const { status, body } = await stack.updater.post('/update/apply', { tag, version })
    const took = performance.now() - begun
    if (status !== 200) throw new Error(`${tag} was not rolled out: ${JSON.stringify(body)}`)
    const durations = Object.fromEntries(Object.entries(parts).map(([part, steps]) => [part, spanOf(lines, steps)]))
    await until(`${tag} was not closed`, async () => (await stack.updater.get('/status')).body['state'] === 'idle')
    return { ...durations, 'between steps': took - sum(durations), 'total': took - gateMinima }
  }
}

async function until(otherwise: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + waitLimit; !(await isSo());) {
    if (performance.now() > deadline) throw new Error(`${otherwise} within ${waitLimit} ms`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** From the start of the first of these steps to the end of the last. */
function spanOf(lines: readonly LogLine[], steps: RegExp): number {
  const those = lines.filter(({ step }) => typeof step === 'string' && steps.test(step))
  const starts = those.filter(({ event }) => event === 'step_started').map(({ time }) => Date.parse(time))
  const ends = those.filter(({ event }) => event === 'step_completed').map(({ time }) => Date.parse(time))
  return ends.length === 0 ? 0 : Math.max(...ends) - Math.min(...starts)
}

function sum(durations: Durations): number {
  return Object.values(durations).reduce((total, duration) => total + duration, 0)
}

function rounded(durations: Readonly<Record<string, Durations>>): Record<string, Record<string, number>> {
  return Object.fromEntries(Object.entries(durations).map(([who, parts]) => [who, Object.fromEntries(Object.entries(parts).map(([part, duration]) => [part, Math.round(duration)]))]))
}
