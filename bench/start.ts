import type { Bench } from './bench.ts'
import { withStacks } from './stacks.ts'
import { runEmptyProgram, startBareServer, startUpdater } from './started.ts'

/** Spawn of the process → first `GET /health` that answers 200, on a stack that runs. */
export const startBench: Bench = {
  name: 'start',
  runs: 9,
  measure: (runs, say) => withStacks(say, async (stacks) => {
    const ours = stacks.map((stack) => ({ stack, took: [] as number[], cpu: [] as number[] }))
    const bare = { took: [] as number[], cpu: [] as number[] }
    const empty: number[] = []
    for (let run = 0; run < runs; run += 1) {
      for (const { stack, took, cpu } of ours) {
        const updater = await startUpdater(stack)
        took.push(updater.took)
        cpu.push(updater.cpu)
        await updater.end()
      }
      const server = await startBareServer()
      bare.took.push(server.took)
      bare.cpu.push(server.cpu)
      await server.end()
      empty.push(await runEmptyProgram())
    }
    return [
      ...ours.map(({ stack: { kind }, took }) => ({ what: `start → first /health (${kind} runtime)`, unit: 'ms' as const, samples: took, goal: 400 })),
      { what: 'bare node http server, started the same way', unit: 'ms', samples: bare.took, raw: true },
      { what: 'node -e 0', unit: 'ms', samples: empty, raw: true },
      ...ours.map(({ stack: { kind }, cpu }) => ({ what: `CPU time of that start (${kind} runtime)`, unit: 'ms' as const, samples: cpu })),
      { what: 'CPU time of the bare server\'s start', unit: 'ms', samples: bare.cpu, raw: true },
    ]
  }),
}
