import { randomInt } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { unsettled } from '../sandbox/daemon/at-rest.ts'
import { untilNothingIsWrong } from '../sandbox/daemon/waiting.ts'
import { tellSurvival } from './figures.ts'
import { openGround, openingLimit, type Ground } from './ground.ts'
import type { SeenState } from './observer/state-file.ts'
import { onLinux } from './on-linux.ts'
import { seededChance } from './seeded-chance.ts'
import { askFor, diesOrEnds, inStory, possible, recoverFrom, surviveKill, unpauseIfHeld, type Survived } from './survival.ts'

/** How many kills; with those of the other files of this directory they are above 200. `ZETHERION_KILLS=2000` for a night. */
const kills = Number(process.env['ZETHERION_KILLS'] ?? 40)
/** A campaign of the same seed makes the same choices; where they hit depends on the machine. */
const seed = Number(process.env['ZETHERION_SEED'] ?? randomInt(2 ** 31))
/** How many times it is told to leave instead. */
const cleanStops = 4
/** Of the kills, so many come while the next daemon starts or recovers. */
const inRecovery = 0.35

/** How long an operation and a recovery take on this machine now, ms: what the instants are chosen from. */
interface TypicalTimes {
  readonly operation: number
  readonly recovery: number
}

let ground: Ground
let typical: TypicalTimes
const chance = seededChance(seed)
beforeAll(async () => {
  ground = await openGround()
  await ground.recover()
  typical = await typicalTimes()
}, openingLimit)
afterAll(() => ground.end())

onLinux(`a daemon that is killed -9 at random instants (seed ${seed})`, () => {
  it(`${kills} times, also while it recovers, always comes back to one reconciled world`, { timeout: 20 * 60_000 + kills * 15_000 }, async (context) => {
    const survived: Survived[] = []
    while (survived.length < kills) {
      const undertakings = possible(ground)
      const undertaking = undertakings[chance() < 0.7 ? 0 : 1]
      const hit = await surviveKill(ground, undertaking, { instant: chance() * typical.operation }, async () => {
        while (chance() < inRecovery) {
          const left = ground.state()
          const daemon = await ground.launch()
          await new Promise((resolve) => setTimeout(resolve, chance() * typical.recovery))
          await daemon.kill()
          survived.push({ undertaking: 'recovery', left, recovery: 0 })
        }
      })
      if (hit !== null) survived.push(hit)
    }
    tellSurvival(context, ground, survived)
    expect(ground.load.failed).toEqual([])
    await untilNothingIsWrong(async () => unsettled(ground.stack, JSON.parse(await readFile(join(ground.stack.project.state, 'updater-state.json'), 'utf8'))))
  })
})

onLinux(`a daemon that is told to leave at random instants (seed ${seed})`, () => {
  it('fault 43: leaves in time; the next one goes back before the commit point and forward after it, and counts no attempt', async () => {
    for (let stop = 0; stop < cleanStops; stop += 1) {
      await inStory(ground, 'SIGTERM in an operation', async () => {
        await ground.unpause()
        await askFor(ground, possible(ground)[0])
        await new Promise((resolve) => setTimeout(resolve, chance() * typical.operation))
        ground.observer.note('-- SIGTERM')
        expect(await ground.stack.daemon().end('SIGTERM')).toEqual({ code: 0, signal: null })
        const left = ground.state()
        expect(await ground.recover()).not.toBeNull()
        expect(ground.state()).toMatchObject({ operation: null, activeTag: goesTo(left), failuresInARow: left.failuresInARow, holds: [] })
        expect(new Set(await ground.served())).toEqual(new Set([goesTo(left)]))
      })
    }
    expect(ground.load.failed).toEqual([])
  })
})

/** The release that serves in the end. */
function goesTo({ operation, activeTag }: SeenState): string {
  return operation === null || operation.phase === 'retiring' ? activeTag : operation.fromTag
}

async function typicalTimes(): Promise<TypicalTimes> {
  return inStory(ground, 'an operation and a recovery without a kill in them', async () => {
    const begun = performance.now()
    await askFor(ground, 'apply')
    await diesOrEnds(ground)
    const operation = performance.now() - begun
    await ground.running().kill()
    const { recovery } = await recoverFrom(ground, 'recovery')
    await unpauseIfHeld(ground)
    return { operation: operation * 1.1, recovery: recovery + operation / 2 }
  })
}
