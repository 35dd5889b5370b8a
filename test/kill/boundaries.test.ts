import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openGround, type Ground } from './ground.ts'
import { possible, recordWrite, surviveKill, type Survived, type Undertaking } from './survival.ts'
import { tellSurvival } from './figures.ts'

let ground: Ground
beforeAll(async () => {
  ground = await openGround()
  await ground.recover()
})
afterAll(() => ground.end())

/** Which of the record's writes comes next for each undertaking; one that ended before it was reached is through. */
const next = new Map<Undertaking, number>([['apply', 0], ['rollback', 0], ['bad apply', 0]])

describe('a daemon that is killed -9 at every boundary of its record', () => {
  const survived: Survived[] = []

  it('before and after each write of a good release, of a bad one with its undo, and of a rollback, comes back to one reconciled world', async (context) => {
    while (next.size > 0) {
      const now = possible(ground)
      const undertaking = now.find((one) => next.has(one)) ?? now[0]
      if (undertaking === undefined) throw new Error('nothing can be asked for')
      const boundary = next.get(undertaking)
      if (boundary === undefined) {
        // Through already; it only leads back to where the others can be asked for.
        await surviveKill(ground, undertaking, recordWrite(1_000, 'before'))
        continue
      }
      const hit = await surviveKill(ground, undertaking, recordWrite(1 + Math.floor(boundary / 2), boundary % 2 === 0 ? 'before' : 'after'))
      if (hit === null) next.delete(undertaking)
      else {
        next.set(undertaking, boundary + 1)
        survived.push(hit)
      }
    }
    tellSurvival(context, ground, survived)
    for (const s of survived) console.log(s.undertaking, s.left.operation?.phase, s.left.operation?.step, s.left.operation?.cause, Math.round(s.recovery))
    expect(survived.length).toBeGreaterThan(90)
  })
})
