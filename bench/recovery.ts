import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runtimeBelow } from '../demo/stack/sandbox-containers.ts'
import { startSandboxStack } from '../demo/stack/sandbox-stack.ts'
import type { Stack } from '../demo/stack/stack.ts'
import { readHostTable } from '../src/sandbox/host-table.ts'
import { hostTablePath } from '../src/sandbox/runtime.ts'
import { containerOf } from '../test/kill/observer/processes.ts'
import { readSeenState, type SeenState } from '../test/kill/observer/state-file.ts'
import { untilReconciled } from '../test/kill/reconciled.ts'
import { createTripwire, type Tripwire, type Wire } from '../test/kill/tripwire/tripwire.ts'
import type { Container } from '../src/rollout/model.ts'
import type { Bench } from './bench.ts'
import { firstRelease } from './stacks.ts'
import { startUpdater } from './started.ts'
import { at, eventually } from '../test/sandbox/daemon/waiting.ts'

const secondRelease = 'v1.1.0'
const botService = 'zetherion-ai-bot'
/** What an undo and a retiring wait out by order; everything else takes as long as it takes. */
const drain = '100ms'

/** Where the daemon is killed; null: with nothing open. */
const places: readonly { readonly what: string; readonly wire: ((stack: Stack) => Pick<Wire, 'to' | 'holding'>) | null }[] = [
  { what: 'with nothing open', wire: null },
  { what: 'with the new color started', wire: () => ({ to: record, holding: /"step": "start_[^"]*",\s+"stepsCompleted": \[[^\]]*"start_/ }) },
  { what: 'right after the switch', wire: () => ({ to: /\/updater-routes\.yml$/ }) },
  { what: 'with the old bot gone and no new one', wire: ({ project }) => ({ to: new RegExp(`/\\.removed-${containerOf(join(project.root, 'sandbox'), botService)}$`) }) },
  { what: 'right after the commit point', wire: () => ({ to: record, holding: /"phase": "retiring"/ }) },
]
const record = /\/updater-state\.json$/

/** kill -9 of the daemon in a rollout of the sandbox → the next one's spawn → record, routes and processes agree and nothing is open. */
export const recoveryBench: Bench = {
  name: 'recovery',
  runs: 5,
  measure: async (runs, say) => {
    const stack = await startSandboxStack({ first: firstRelease, limits: { drain } })
    try {
      await stack.project.publish(secondRelease)
      const tripwire = createTripwire(stack.project.root)
      const [started, bots, samples] = [[] as number[], [] as number[], places.map(() => [] as number[])]
      await recover(stack, tripwire)
      for (let run = 0; run < runs; run += 1) {
        for (const [index, { what, wire }] of places.entries()) {
          say(`recovery: killed ${what}`)
          if (wire === null) await stack.daemon().end('SIGKILL')
          else await killAt(stack, tripwire, wire(stack))
          samples[index]?.push(await recover(stack, tripwire))
          if (stateOf(stack).paused) await expectAnswer(stack, '/update/unpause', undefined, 200)
        }
        await stack.daemon().end('SIGTERM')
        const plain = await startUpdater(stack)
        started.push(plain.took)
        await plain.end()
        bots.push(await startBotByHand(stack))
        await recover(stack, tripwire)
      }
      return [
        ...places.map(({ what }, index) => ({ what: `kill -9 ${what}: next spawn → reconciled`, unit: 'ms' as const, samples: samples[index] ?? [], goal: 1_000 })),
        { what: 'plain start of the same daemon → first /health', unit: 'ms', samples: started, raw: true },
        { what: 'the bot by hand: start of its container → healthy', unit: 'ms', samples: bots, raw: true },
      ]
    } finally {
      await stack.close()
    }
  },
}

async function killAt(stack: Stack, tripwire: Tripwire, wire: Pick<Wire, 'to' | 'holding'>): Promise<void> {
  await tripwire.arm({ ...wire, number: 1, side: 'after', signal: 'SIGKILL' })
  if (stateOf(stack).activeTag === firstRelease) await expectAnswer(stack, '/update/apply', { tag: secondRelease, version: secondRelease.slice(1) }, 202)
  else await expectAnswer(stack, '/update/rollback', { previous_sha: stack.project.release(firstRelease).commit }, 202)
  await stack.daemon().exited
  await tripwire.disarm()
}

/** Starts the daemon, ready to be killed. @returns from its spawn until the world is reconciled, ms */
async function recover(stack: Stack, tripwire: Tripwire): Promise<number> {
  const { root, state } = stack.project
  const places = { routesFile: join(state, 'traefik/dynamic/updater-routes.yml'), stateFile: join(state, 'updater-state.json'), sandbox: join(root, 'sandbox') }
  const epoch = epochOf(stack)
  const begun = performance.now()
  const [, took] = await Promise.all([
    stack.startUpdater({ env: tripwire.env }),
    untilReconciled(places, epoch, () => true).then(() => performance.now() - begun),
  ])
  // The files may agree before the daemon has read them; until then it takes nothing on.
  await eventually('a daemon that has taken over', async () => (at((await stack.updater.get('/status')).body, 'active_color') !== null ? 'taken over' : null))
  return took
}

/** What an undo has to do about a bot that is gone, as quickly as this sandbox can. The daemon is not there. @returns ms */
async function startBotByHand({ project: { root } }: Stack): Promise<number> {
  const runtime = runtimeBelow(root, await readHostTable(hostTablePath(join(root, 'sandbox'))))
  const signal = AbortSignal.timeout(30_000)
  const look = async (): Promise<Container> => {
    const [bot] = await runtime.containers([botService], signal)
    if (bot === undefined) throw new Error('there is no bot')
    return bot
  }
  const { id } = await look()
  await runtime.stop(id, 5_000, signal)
  const begun = performance.now()
  await runtime.start(id, signal)
  while ((await look()).health !== 'healthy') await new Promise((resolve) => setTimeout(resolve, 5))
  return performance.now() - begun
}

/** 0 before the first start. */
function epochOf(stack: Stack): number {
  try {
    return stateOf(stack).epoch
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0
    throw error
  }
}

function stateOf({ project }: Stack): SeenState {
  return readSeenState(readFileSync(join(project.state, 'updater-state.json'), 'utf8'))
}

async function expectAnswer(stack: Stack, path: string, body: unknown, wanted: number): Promise<void> {
  const { status, body: answer } = await stack.updater.post(path, body, { prefer: 'respond-async' })
  if (status !== wanted) throw new Error(`${path} was answered with ${status}: ${JSON.stringify(answer)}`)
}
