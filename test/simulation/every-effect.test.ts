import { describe, expect, test } from 'vitest'
import type { Started } from '../../src/updater/service.ts'
import { settle } from './at-rest.ts'
import { apply, ask } from './operator.ts'
import { once, type FaultKind } from './world/effects.ts'
import { commitOf, type ReleaseKind } from './world/releases.ts'
import { World } from './world/world.ts'

/** An operation whose every effect is hit once by every fault. */
interface Story {
  readonly name: string
  readonly kind: ReleaseKind
  readonly faults: readonly FaultKind[]
  /** A stack at rest, before the operation. */
  begin(kind: ReleaseKind): Promise<World>
  operate(world: World): Promise<Started>
  readonly from: string
  readonly target: string
}

const deaths: readonly FaultKind[] = ['crash before', 'crash after', 'crash during']
const failures: readonly FaultKind[] = ['fails', 'takes effect but fails', 'hangs', 'takes effect late']

async function adopted(kind: ReleaseKind): Promise<World> {
  const world = new World({ releases: { 'v1.1.0': kind } })
  await world.start()
  return world
}

async function upgraded(kind: ReleaseKind): Promise<World> {
  const world = await adopted(kind)
  await apply(world, 'v1.1.0')
  return world
}

const applies = { begin: adopted, operate: (world: World) => ask(world, 'v1.1.0'), from: 'v1.0.0', target: 'v1.1.0' }

const stories: readonly Story[] = [
  { ...applies, name: 'applying a good release', kind: 'good', faults: [...failures, ...deaths] },
  { ...applies, name: 'applying a release whose bot dies', kind: 'bot dies', faults: [...failures, ...deaths] },
  { ...applies, name: 'applying a release that is broken when routed', kind: 'broken when routed', faults: ['takes effect but fails', 'crash after'] },
  {
    name: 'rolling back to what was found running', kind: 'good', faults: ['takes effect but fails', 'crash after'], begin: upgraded,
    operate: (world) => world.updater.rollback({ previousSha: commitOf('v1.0.0'), origin: 'api' }), from: 'v1.1.0', target: 'v1.0.0',
  },
]

/** Asks for the operation and starts a new daemon if the fault killed this one; the world judges what came of it. */
async function attempt(world: World, story: Story): Promise<void> {
  const asked = await world.drive(story.operate(world))
  if (asked.kind === 'value') await world.drive(asked.value.finished)
  if (world.daemon.life.dead) await world.start()
}

/** The release that must run at the end: the new one if its commit was reached and reported, or found by the next daemon. */
function endsOn(world: World, { from, target }: Story, fault: FaultKind): string {
  const { record } = world.stack
  if (deaths.includes(fault)) return record?.lastGood?.tag === target ? target : from
  const { lastResult = null } = record ?? {}
  return lastResult?.status === 'success' && lastResult.newSha === commitOf(target) ? target : from
}

describe.each(stories)('$name', (story) => {
  test.each(story.faults)('%s at every effect: the rules hold and all comes to rest', async (fault) => {
    const whole = await story.begin(story.kind)
    const first = whole.stack.effects.done.length
    await attempt(whole, story)
    const effects = whole.stack.effects.done.slice(first)

    let ran = 0
    const broken: string[] = []
    for (const { index, name } of effects) {
      // Only the engine goes on with what a dead daemon asked for.
      if (fault === 'crash during' && !name.startsWith('runtime.')) continue
      ran += 1
      const world = await story.begin(story.kind)
      world.stack.effects.interference = once(fault, (effect) => effect.index === index)
      try {
        await attempt(world, story)
        await settle(world)
        expect(world.stack.record?.active.commit).toBe(commitOf(endsOn(world, story, fault)))
      } catch (error) {
        broken.push(`${fault} at #${index} ${name}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    console.log(`simulation: ${story.name}, "${fault}" at each of ${ran} effects: ${broken.length} broken`)
    expect(ran).toBeGreaterThan(10)
    expect(broken.length, broken.slice(0, 3).join('\n=====\n')).toBe(0)
  })
})
