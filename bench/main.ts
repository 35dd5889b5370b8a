import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { Missing } from './bench.ts'
import { memoryBench } from './memory.ts'
import { recoveryEngineBench } from './recovery-engine.ts'
import { recoveryBench } from './recovery.ts'
import { rolloutBench } from './rollout.ts'
import { startBench } from './start.ts'
import { switchBench } from './switch.ts'
import { figuresOf, tableOf, type Figures } from './table.ts'

const benches = [startBench, memoryBench, switchBench, rolloutBench, recoveryBench, recoveryEngineBench]
const usage = `usage: npm run bench -- [--only ${benches.map(({ name }) => name).join(',')}] [--runs N] [--json]\n`

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { only: { type: 'string' }, runs: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' } } })
  const only = values.only?.split(',')
  const unknown = only?.find((name) => benches.every((bench) => bench.name !== name))
  const runs = values.runs === undefined ? null : Number(values.runs)
  if (values.help === true || unknown !== undefined || (runs !== null && !(runs >= 1))) {
    process.stderr.write(usage)
    process.exitCode = values.help === true ? 0 : 2
    return
  }
  const say = (progress: string): void => void process.stderr.write(`${progress}\n`)
  const rows: Figures[] = []
  for (const bench of benches) {
    if (only !== undefined && !only.includes(bench.name)) continue
    say(`${bench.name}: load average ${loadavg().map((load) => load.toFixed(1)).join(', ')}`)
    try {
      rows.push(...(await bench.measure(runs ?? bench.runs, say)).map(figuresOf))
    } catch (error) {
      if (!(error instanceof Missing)) throw error
      say(`${bench.name}: not run: ${error.message}`)
    }
  }
  process.stdout.write(`${values.json === true ? JSON.stringify(rows, null, 2) : tableOf(rows)}\n`)
  process.exitCode = rows.some(({ met }) => met === false) ? 1 : 0
}

await main()
