import { afterAll, beforeAll, expect, it } from 'vitest'
import { tellSurvival } from './figures.ts'
import { openRecoveredGround, openingLimit, type Ground } from './ground.ts'
import { onLinux } from './on-linux.ts'
import { possible, recordWrite, surviveKill, type Survived, type Undertaking } from './survival.ts'

let ground: Ground
beforeAll(async () => {
  ground = await openRecoveredGround()
}, openingLimit)
afterAll(() => ground.end())

/** About 115 kills take four minutes on a quiet machine and half an hour on one that does much else; each wait has a limit of its own. */
const longest = 60 * 60_000

onLinux('a daemon that is killed -9 at every boundary of its record', () => {
  it('before and after each write of a good release, of a bad one with its undo, and of a rollback, comes back to one reconciled world', { timeout: longest }, async (context) => {
    const survived = await killAtEveryBoundary()
    tellSurvival(context, ground, survived)
    const phases = (undertaking: Undertaking): Set<string | undefined> => new Set(survived.filter((hit) => hit.undertaking === undertaking).map(({ left }) => left.operation?.phase))
    expect(phases('apply')).toEqual(new Set([undefined, 'preparing', 'switching', 'swapping', 'retiring']))
    expect(phases('rollback')).toEqual(phases('apply'))
    expect(phases('bad apply')).toEqual(new Set([undefined, 'preparing', 'switching', 'swapping']))
    expect(survived.filter(({ left }) => left.operation?.cause === 'release').length).toBeGreaterThan(0)
    expect(ground.load.failed).toEqual([])
    expect(ground.load.sent).toBeGreaterThan(100)
  })
})

/** Whatever can be asked for on the release that runs goes on with its next boundary, until each undertaking has ended before one was reached. */
async function killAtEveryBoundary(): Promise<Survived[]> {
  const survived: Survived[] = []
  const next = new Map<Undertaking, number>([['apply', 0], ['rollback', 0], ['bad apply', 0]])
  while (next.size > 0) {
    const undertakings = possible(ground)
    const undertaking = undertakings.find((one) => next.has(one)) ?? undertakings[0]
    const boundary = next.get(undertaking)
    // One that is through only leads back to where the others can be asked for.
    const number = boundary === undefined ? beyondAny : 1 + Math.floor(boundary / 2)
    const hit = await surviveKill(ground, undertaking, recordWrite(number, boundary !== undefined && boundary % 2 === 1 ? 'after' : 'before'))
    if (hit === null) next.delete(undertaking)
    else {
      survived.push(hit)
      next.set(undertaking, (boundary ?? 0) + 1)
    }
  }
  return survived
}

/** More writes than any operation makes. */
const beyondAny = 1_000
