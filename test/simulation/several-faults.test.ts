import { expect, test } from 'vitest'
import { settle } from './at-rest.ts'
import { ask } from './operator.ts'
import { faults, tell, type Effect, type FaultKind, type Interference } from './world/effects.ts'
import type { ReleaseKind } from './world/releases.ts'
import { seededRandom } from './world/seeded-random.ts'
import { World } from './world/world.ts'

const kinds: readonly FaultKind[] = ['fails', 'takes effect but fails', 'crash before', 'crash after', 'hangs']
const releases: readonly ReleaseKind[] = ['good', 'bot dies', 'broken when routed', 'never healthy']
const runs = 80

/** Effects counted from the beginning of the operation, and what happens to them. */
type Plan = readonly { readonly at: number; readonly kind: FaultKind }[]

/** Two to four faults, anywhere in the operation, its undo and what comes after. */
function planned(pick: <T>(from: readonly T[]) => T): Plan {
  const numbers = [...Array(60).keys()]
  return [1, 2, 3, 4].slice(0, pick([2, 3, 4])).map(() => ({ at: pick(numbers), kind: pick(kinds) }))
}

/** Each fault hits the first effect at or after its place, once. */
function following(plan: Plan, first: number): Interference {
  const left = new Set(plan)
  return (effect, run, daemon) => {
    const hit = [...left].find(({ at }) => effect.index - first >= at)
    if (hit === undefined) return run()
    left.delete(hit)
    return faults[hit.kind](effect, run, daemon)
  }
}

test('several faults in one operation, its undo and the recovery: the rules hold and all comes to rest', async () => {
  const broken: string[] = []
  for (let seed = 1; seed <= runs; seed += 1) {
    const random = seededRandom(seed)
    const pick = <T>(from: readonly T[]): T => {
      const picked = from[Number.parseInt(random.token().slice(0, 8), 16) % from.length]
      if (picked === undefined) throw new Error('there is nothing to pick from')
      return picked
    }
    const kind = pick(releases)
    const plan = planned(pick)
    const world = new World({ releases: { 'v1.1.0': kind }, labelled: pick([true, false]), seed })
    await world.start()
    await settle(world)
    world.stack.effects.interference = following(plan, world.stack.effects.done.length)
    try {
      await playOut(world)
    } catch (error) {
      const hit = world.stack.effects.done.slice(-3).map((effect: Effect) => tell(effect)).join(', ')
      broken.push(`seed ${seed}, "${kind}", ${JSON.stringify(plan)}, lately ${hit}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  console.log(`simulation: ${runs} operations with several faults each: ${broken.length} broken`)
  expect(broken.length, broken.slice(0, 2).join('\n=====\n')).toBe(0)
})

async function playOut(world: World): Promise<void> {
  const asked = await world.drive(ask(world, 'v1.1.0'))
  if (asked.kind === 'value') await world.drive(asked.value.finished)
  for (let life = 0; life < 6; life += 1) {
    if (world.daemon.life.dead) await world.start()
    await world.drive(world.time.pause(15_000))
  }
  world.stack.effects.interference = (_effect, run) => run()
  if (world.daemon.life.dead) await world.start()
  await settle(world)
}
