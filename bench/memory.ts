import { Agent } from 'node:http'
import type { Stack } from '../demo/stack/stack.ts'
import type { Bench } from './bench.ts'
import { withStacks } from './stacks.ts'
import { residentMegabytes, startBareServer, startUpdater, statusOf, type Started } from './started.ts'
import type { Row } from './table.ts'

/** Two of the looks at the stack, which are 10 s apart, are over by then: what is loaded at first use is loaded. */
const idle = 25_000
const calls = 200

interface Samples {
  readonly idle: number[]
  readonly afterCalls: number[]
}

/** Resident memory of the process after its start and a watch round, and again after 200 status calls. */
export const memoryBench: Bench = {
  name: 'memory',
  runs: 3,
  measure: (runs, say) => withStacks(say, async (stacks) => {
    const ours = stacks.map((stack) => ({ stack, samples: noSamples() }))
    const bare = noSamples()
    for (let run = 0; run < runs; run += 1) {
      await Promise.all([
        sample(bare, startBareServer, '/', {}),
        ...ours.map(({ stack, samples }) => sample(samples, () => startUpdater(stack), '/status', { 'x-updater-secret': stack.secret })),
      ])
    }
    return [
      ...ours.flatMap(({ stack, samples }) => rowsOf(stack, samples)),
      { what: 'bare node http server, idle', unit: 'MB', samples: bare.idle, raw: true },
      { what: `bare node http server, after ${calls} calls`, unit: 'MB', samples: bare.afterCalls, raw: true },
    ]
  }),
}

function rowsOf({ kind }: Stack, { idle, afterCalls }: Samples): Row[] {
  return [
    { what: `idle RSS (${kind} runtime)`, unit: 'MB', samples: idle, goal: 64 },
    { what: `RSS after ${calls} status calls (${kind} runtime)`, unit: 'MB', samples: afterCalls, goal: 64 },
  ]
}

function noSamples(): Samples {
  return { idle: [], afterCalls: [] }
}

async function sample(samples: Samples, start: () => Promise<Started>, path: string, headers: Record<string, string>): Promise<void> {
  const server = await start()
  try {
    await new Promise((resolve) => setTimeout(resolve, idle))
    samples.idle.push(await residentMegabytes(server.pid))
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (let call = 0; call < calls; call += 1) {
      const status = await statusOf(`${server.url}${path}`, headers, agent)
      if (status !== 200) throw new Error(`${path} was answered with ${status}`)
    }
    agent.destroy()
    samples.afterCalls.push(await residentMegabytes(server.pid))
  } finally {
    await server.end()
  }
}
