import { startDockerStack, type DockerStack } from '../demo/stack/docker-stack.ts'
import type { SeenState } from '../test/kill/observer/state-file.ts'
import { unrest } from '../test/docker/kill/at-rest.ts'
import { followEvents } from '../test/docker/kill/engine-look.ts'
import { quickLimits, quickOverride } from '../test/docker/kill/quick-stack.ts'
import { followRecord, seenRecord } from '../test/docker/kill/record-look.ts'
import { at, eventually } from '../test/sandbox/daemon/waiting.ts'
import { startEngine, type Engine } from '../test/engine/engine.ts'
import { Missing, type Bench } from './bench.ts'
import { dockerMissing, firstRelease } from './stacks.ts'
import type { Row } from './table.ts'

/** Between two looks at whether everything agrees again, ms. */
const lookEvery = 10
const waitLimit = 60_000

const botService = 'zetherion-ai-bot'

/** How long the drain is configured to take, which is waited for and costs nothing, ms. */
const drain = 300

/** Where the updater is killed in an apply, and whether its recovery has to wait for a drain. */
const places: readonly { readonly what: string; readonly drains: boolean; reached(stack: DockerStack, engine: Engine): Promise<void> }[] = [
  { what: 'the standby starts', drains: false, reached: (stack) => recordSays(stack, ({ step }) => step?.startsWith('start_') === true) },
  { what: 'the traffic has moved', drains: true, reached: (stack) => recordSays(stack, ({ phase }) => phase === 'swapping') },
  { what: 'there is no bot', drains: true, reached: (_stack, engine) => botBecomes(engine, 'destroy') },
  { what: 'the commit point is just behind', drains: true, reached: (stack) => recordSays(stack, ({ phase }) => phase === 'retiring') },
]

/** `kill -9` of the updater in an apply; from the start of the next one until record, routes, containers and traffic agree again. */
export const recoveryEngineBench: Bench = {
  name: 'recovery-engine',
  runs: 3,
  async measure(runs, say) {
    const why = dockerMissing()
    if (why !== undefined) throw new Missing(why)
    const engine = await startEngine()
    try {
      const stack = await startDockerStack({ engine, first: firstRelease, override: quickOverride, limits: { ...quickLimits, drain: `${drain}ms` }, policy: { keepReleases: 4 } })
      try {
        return await measureOn(stack, engine, runs, say)
      } finally {
        await stack.close()
      }
    } finally {
      await engine.stop()
    }
  },
}

async function measureOn(stack: DockerStack, engine: Engine, runs: number, say: (progress: string) => void): Promise<Row[]> {
  await stack.project.publish('v1.1.0', 'v1.7.0')
  await stack.startUpdater()
  await eventually('a daemon that has taken over', async () => at((await stack.updater.get('/status')).body, 'active_color'))
  for (const tag of ['v1.7.0', 'v1.1.0']) await applyWhole(stack, engine, tag)
  const samples = places.map((): number[] => [])
  const bots: number[] = []
  for (let run = 0; run < runs; run += 1) {
    for (const [index, place] of places.entries()) {
      const took = await killAndRecover(stack, () => place.reached(stack, engine), engine)
      samples[index]?.push(took - (place.drains ? drain : 0))
      say(`recovery ${run + 1} of ${runs}, killed when ${place.what}: ${Math.round(took)} ms`)
    }
    await stack.daemon().end('SIGTERM')
    bots.push(await startBotByHand(stack, engine))
    await stack.startUpdater()
    await untilAgreed(stack, engine)
  }
  return [
    ...places.map(({ what }, index) => ({ what: `kill -9 when ${what}: next start until everything agrees, drain taken off`, unit: 'ms' as const, samples: samples[index] ?? [], goal: 3_000 })),
    { what: 'the bot by hand: docker compose up of one that was removed → healthy', unit: 'ms', samples: bots, raw: true },
  ]
}

/** What an undo has to do about a bot that is gone, with Compose alone. The daemon is not there. @returns ms */
async function startBotByHand(stack: DockerStack, engine: Engine): Promise<number> {
  await stack.docker(['rm', '--force', botService])
  const healthy = botBecomes(engine, 'health_status: healthy')
  const begun = performance.now()
  await Promise.all([stack.compose('up', '--detach', '--no-build', '--no-deps', botService), healthy])
  return performance.now() - begun
}

async function killAndRecover(stack: DockerStack, reached: () => Promise<void>, engine: Engine): Promise<number> {
  await stack.updater.post('/update/unpause')
  const { activeTag } = await seenRecord(stack.project.state)
  const place = reached()
  const tag = activeTag === 'v1.7.0' ? 'v1.1.0' : 'v1.7.0'
  const asked = stack.updater.post('/update/apply', { tag, version: tag.slice(1) }).catch(() => null) // its connection breaks with the updater
  await place
  await stack.daemon().end('SIGKILL')
  await asked
  const begun = performance.now()
  await stack.startUpdater()
  await untilAgreed(stack, engine)
  return performance.now() - begun
}

async function applyWhole(stack: DockerStack, engine: Engine, tag: string): Promise<void> {
  const { status, body } = await stack.updater.post('/update/apply', { tag, version: tag.slice(1) })
  if (status !== 200) throw new Error(`${tag} was not rolled out: ${JSON.stringify(body)}`)
  await untilAgreed(stack, engine)
}

async function untilAgreed(stack: DockerStack, engine: Engine): Promise<void> {
  let wrong: readonly string[] = []
  for (const deadline = performance.now() + waitLimit; performance.now() < deadline;) {
    wrong = await unrest(stack, engine.socketPath).catch((error: unknown) => [String(error)])
    if (wrong.length === 0) return
    await new Promise((resolve) => setTimeout(resolve, lookEvery))
  }
  throw new Error(`the stack did not come to rest within ${waitLimit} ms: ${wrong.join('; ')}`)
}

function recordSays(stack: DockerStack, isThere: (operation: NonNullable<SeenState['operation']>) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const end = followRecord(stack.project.state, ({ operation }) => {
      if (operation === null || !isThere(operation)) return
      end()
      resolve()
    })
  })
}

/** Settles when the engine tells that the bot's container has come so far. */
function botBecomes(engine: Engine, wanted: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const events = followEvents(engine.socketPath, ({ service, action }) => {
      if (service !== botService || action !== wanted) return
      events.end()
      resolve()
    })
    events.open.catch(reject)
  })
}
