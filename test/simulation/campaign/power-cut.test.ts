import { describe, expect, test } from 'vitest'
import { settle } from '../at-rest.ts'
import { ask } from '../operator.ts'
import type { Survival } from '../world/disk.ts'
import { allSurvives, leastSurvives, powerCutOnce, type CutMoment } from '../world/power-cut.ts'
import { commitOf, type ReleaseKind } from '../world/releases.ts'
import { seededNumbers } from '../world/seeded-random.ts'
import { watchInterval, World } from '../world/world.ts'
import { playWithLightSignals } from './light-signals.ts'

playWithLightSignals()

async function ready(kind: ReleaseKind): Promise<World> {
  const world = new World({ releases: { 'v1.1.0': kind } })
  await world.start()
  await settle(world)
  return world
}

/** Asks for the release; whoever dies is started again. */
async function playOut(world: World): Promise<void> {
  const asked = await world.drive(ask(world, 'v1.1.0'))
  if (asked.kind === 'value') await world.drive(asked.value.finished)
  // What it leaves is removed in the time that nothing else wants: the power may go then, too.
  if (!world.daemon.life.dead) await world.pass(watchInterval)
  if (world.daemon.life.dead) await world.start()
  await settle(world)
}

const survivals: readonly (readonly [string, Survival])[] = [
  ['nothing but what was synced survives', leastSurvives],
  ['everything survives', allSurvives],
  ['a part survives', seededNumbers(7)],
]

describe.each(['good', 'bot dies'] as const)('fault 10: the power goes at any call of files while a release that is %s is applied', (kind) => {
  test.each(survivals)('and %s: record and routes are old or new, and all comes to rest', async (_name, survival) => {
    const whole = await ready(kind)
    const first = whole.stack.effects.files.length
    await playOut(whole)
    const calls = whole.stack.effects.files.slice(first)
    expect(calls.length).toBeGreaterThan(100)

    const broken: string[] = []
    for (const { index, name, path } of calls) {
      for (const moment of ['before', 'after'] as const satisfies readonly CutMoment[]) {
        // Between two calls there is one moment, and reading or closing leaves nothing behind.
        if (moment === 'before' && name !== 'files.write') continue
        const world = await ready(kind)
        world.stack.effects.fileInterference = powerCutOnce(world, (effect) => effect.index === index, moment, survival)
        try {
          await playOut(world)
          expect(world.stack.cuts).toBe(1)
          expect([commitOf('v1.0.0'), commitOf('v1.1.0')]).toContain(world.stack.record?.active.commit)
        } catch (error) {
          broken.push(`${moment} #${index} ${name} ${path}: ${error instanceof Error ? error.message : String(error)}`)
        }
      }
    }
    expect(broken.length, broken.slice(0, 3).join('\n=====\n')).toBe(0)
  })
})
