import { execFile } from 'node:child_process'
import { closeSync, openSync, statfsSync, writeSync } from 'node:fs'
import { rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { applied, onBlue, onHurtStack, resumed, type HurtStack } from '../kill/hurt-stack.ts'
import { seenRecord } from '../kill/record-look.ts'
import { bots } from '../rollout/containers.ts'
import { applyOf, createMoments, through } from './in-trouble.ts'

/** For a machine that does much else, ms. */
const limit = 240_000

const moments = createMoments()

onHurtStack('the engine\'s disk full', { engineDisk: 2_000_000_000, policy: { restarts: 50 }, onLine: moments.onLine }, (here) => {
  it.for([
    ['preflight', 'before anything is begun'],
    ['docker_build', 'in a build'],
    ['start_zetherion-ai-skills-green', 'at the start of the standby'],
  ] as const)('fault 27: from %s on, %s: the old release is unaffected, the error says so, and the commit is not to blame', { timeout: limit }, async ([step], context) => {
    const hurt = here()
    const before = await onBlue(hurt)
    const bot = await bots(hurt.stack)
    await narrow(hurt)
    const { answer } = await through(hurt, context, { ask: () => applyOf(hurt.stack, 'v1.6.0'), begins: moments.at(step, () => fill(hurt)), end: () => makeRoom(hurt) })
    expect(answer?.body).toMatchObject({ status: 'failed', active_color: 'blue', error: expect.stringMatching(/space left|disk is full|are free in/) })
    expect(await bots(hurt.stack)).toBe(bot)
    expect((await seenRecord(hurt.stack.project.state)).activeTag).toBe(before.activeTag)
    expect((await hurt.stack.updater.get('/status')).body).toMatchObject({ quarantine: [] })
  })

  it('fault 27: seen before the bot is stopped: it is not touched, and the traffic is back', async (context) => {
    const hurt = here()
    await onBlue(hurt)
    const bot = await bots(hurt.stack)
    await narrow(hurt)
    const { answer } = await through(hurt, context, {
      ask: () => applyOf(hurt.stack, 'v1.6.0'),
      begins: moments.at('health_zetherion-ai-skills-green', () => fill(hurt, 8_000_000)),
      end: () => makeRoom(hurt),
    })
    expect(answer?.body).toMatchObject({ status: 'rolled_back', active_color: 'blue', error: expect.stringMatching(/are free in .* make room on the engine's disk/) })
    expect(await bots(hurt.stack)).toBe(bot)
    // With room again the same release can be applied.
    await resumed(hurt)
    await applied(hurt, 'v1.6.0')
  }, limit)
})

/** Leaves enough for a release, and little enough that the rest can be taken in a moment. */
async function narrow({ engine }: HurtStack): Promise<void> {
  const directory = join(engine.env.HOME, 'data')
  const { bavail, bsize } = await statfs(directory)
  await promisify(execFile)('fallocate', ['--length', String(bavail * bsize - 120_000_000), join(directory, 'filler')])
}

/** Takes all the room there is but so many bytes, before anything else happens here. */
function fill({ engine }: HurtStack, left = 0): void {
  const directory = join(engine.env.HOME, 'data')
  const rest = openSync(join(directory, 'filler'), 'a')
  try {
    for (let free = Number.POSITIVE_INFINITY; free > left; free = statfsSync(directory).bavail * statfsSync(directory).bsize) {
      writeSync(rest, Buffer.alloc(free > 2_000_000 ? 1_000_000 : 4_096))
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
  } finally {
    closeSync(rest)
  }
}

async function makeRoom({ engine }: HurtStack): Promise<void> {
  await rm(join(engine.env.HOME, 'data/filler'), { force: true })
}
