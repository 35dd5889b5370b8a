import { describe, expect, test } from 'vitest'
import { settle } from './at-rest.ts'
import { once, tell, type FaultKind } from './world/effects.ts'
import { commitOf, type ReleaseKind } from './world/releases.ts'
import { World } from './world/world.ts'

const allFaults: readonly FaultKind[] = ['fails', 'takes effect but fails', 'crash before', 'crash after', 'crash during', 'hangs', 'takes effect late']

const runs: readonly (readonly [ReleaseKind, readonly FaultKind[]])[] = [
  ['good', allFaults],
  ['bot dies', allFaults],
  ['broken when routed', ['takes effect but fails', 'crash after']],
]

/** A world in which v1.0.0 was adopted and is at rest. */
async function atRest(kind: ReleaseKind): Promise<World> {
  const world = new World({ releases: { 'v1.1.0': kind } })
  await world.start()
  return world
}

/** Asks for the release; what comes of it is judged by the world, not by the answer. */
async function attempt(world: World): Promise<void> {
  const asked = await world.drive(world.updater.apply({ tag: 'v1.1.0', version: '1.1.0', origin: 'api' }))
  if (asked.kind === 'value') await world.drive(asked.value.finished)
  if (world.daemon.life.dead) await world.start()
}

async function effectsOf(kind: ReleaseKind): Promise<{ first: number; names: string[] }> {
  const world = await atRest(kind)
  const first = world.stack.effects.done.length
  await attempt(world)
  return { first, names: world.stack.effects.done.slice(first).map(tell) }
}

/** After a commit that the daemon, or the one after it, knew of: the new release. Else the old one. */
function endsOn(world: World, kind: ReleaseKind, fault: FaultKind): string {
  if (kind !== 'good') return 'v1.0.0'
  const committed = world.stack.effects.done.some(({ record }) => record?.operation?.phase === 'retiring')
  if (!committed) return 'v1.0.0'
  if (fault.startsWith('crash')) return world.stack.record?.lastGood === null ? 'v1.0.0' : 'v1.1.0'
  return world.stack.record?.lastResult?.status === 'success' ? 'v1.1.0' : 'v1.0.0'
}

describe.each(runs)('applying a release of the kind "%s"', (kind, kinds) => {
  test.each(kinds)('%s at every effect: the rules hold and all comes to rest', async (fault) => {
    const { first, names } = await effectsOf(kind)
    const broken: string[] = []
    let ran = 0
    for (const [offset, name] of names.entries()) {
      // Only the engine goes on with what a dead daemon asked for.
      if (fault === 'crash during' && !name.includes(' runtime.')) continue
      ran += 1
      const world = await atRest(kind)
      world.stack.effects.interference = once(fault, ({ index }) => index === first + offset)
      try {
        await attempt(world)
        await settle(world)
        expect(world.stack.record?.active.commit).toBe(commitOf(endsOn(world, kind, fault)))
      } catch (error) {
        broken.push(`${fault} at ${name}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    console.log(`simulation: a release of the kind "${kind}", "${fault}" at each of ${ran} effects, ${broken.length} broken`)
    expect(ran).toBeGreaterThan(10)
    expect(broken.length, broken.slice(0, 3).join('\n=====\n')).toBe(0)
  })
})
