import { parseArgs } from 'node:util'
import { runCampaign, type Outcome } from './campaign.ts'
import { mutations } from './mutations.ts'

/**
 * `npm run mutants [-- --only <words>] [--workers 2] [--limit <seconds>]`: makes every deliberate mistake in turn and tells what
 * caught it. Ends with 1 when one survives, or when the code as it stands is not clean.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { only: { type: 'string' }, workers: { type: 'string', default: '2' }, limit: { type: 'string', default: '300' } } })
  const { only } = values
  const chosen = only === undefined ? mutations : mutations.filter(({ name, file }) => `${name} ${file}`.includes(only))
  if (chosen.length === 0) throw new Error(`No mutation is called "${only}".`)
  const outcomes = await runCampaign({
    mutations: chosen, workers: Number(values.workers), limit: Number(values.limit) * 1_000,
    onOutcome: (outcome) => process.stdout.write(`${lineOf(outcome)}\n`),
  })
  const survived = outcomes.filter(({ caught }) => caught === null)
  process.stdout.write(`\n${outcomes.length - survived.length} of ${outcomes.length} mutations caught.\n`)
  for (const { mutation, crash } of survived) process.stdout.write(`SURVIVED: ${mutation.name} (${mutation.file})${crash === null ? '' : `: ${crash}`}\n`)
  return survived.length === 0 ? 0 : 1
}

function lineOf({ mutation, caught, crash, runs, milliseconds }: Outcome): string {
  const took = `${(milliseconds / 1000).toFixed(1)} s`
  if (caught === null) return `SURVIVED  ${mutation.name}  (${took})${crash === null ? '' : `: ${crash}`}`
  return `caught    ${mutation.name}\n          ${caught.rule}, in run ${runs}, "${caught.run}", after ${took}: ${caught.sentence}`
}

main().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    process.exitCode = 1
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  },
)
