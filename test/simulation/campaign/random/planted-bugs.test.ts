import { expect, test } from 'vitest'
import { playWithLightSignals } from '../light-signals.ts'
import { playCampaign } from './campaign.ts'
import type { Plant } from './play.ts'

playWithLightSignals()

/** A core that unpauses by itself at each start. */
const forgetsHolds: Plant = (world) => {
  const boot = world.boot.bind(world)
  world.boot = () => {
    const daemon = boot()
    const { updater } = daemon
    const start = updater.start.bind(updater)
    updater.start = async () => {
      await start()
      await updater.unpause('nobody').catch(() => undefined) // in an open operation it is refused
    }
    return daemon
  }
}

/** A disk that says "durable" of a directory without making it so. */
const syncsNoDirectory: Plant = ({ stack: { disk } }) => {
  disk.syncDirectory = () => undefined
}

const planted = [
  { bug: 'a core that clears its holds at each start', plant: forgetsHolds, rule: /→ I4 / },
  { bug: 'a disk that does not sync directories', plant: syncsNoDirectory, rule: /→ I[67] / },
] as const

test.each(planted)('$bug is found, and told in a short story with how to play it again', async ({ plant, rule }) => {
  const { failure } = await playCampaign({ seed: 1, schedules: 2_000, plant })
  expect(failure).toMatch(rule)
  expect(failure).toMatch(/^seed \d+, path [\d:]+, shrunk \d+ times:\n1\. v1\.0\.0 runs on (blue|green)/)
  const [, seed, path] = /ZETHERION_SEED=(\d+) ZETHERION_PATH=([\d:]+) /.exec(failure ?? '') ?? []
  const sentences = (failure ?? '').split('\n').filter((line) => /^\d+\. /.test(line))
  console.log(`simulation: a planted bug was told so:\n${sentences.join('\n')}`)
  expect(sentences.length).toBeLessThanOrEqual(6)
  // Its seed and path lead to the same story at once.
  const again = await playCampaign({ seed: Number(seed), schedules: 1, path: path ?? '', plant })
  expect(again.failure?.split('\n').slice(1)).toEqual(failure?.split('\n').slice(1).map((line) => line.replace(/shrunk \d+ times/, 'shrunk 0 times')))
})

test('without a planted bug nothing is found', async () => {
  expect((await playCampaign({ seed: 1, schedules: 100 })).failure).toBeNull()
})
