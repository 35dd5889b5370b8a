import { settle } from '../../../simulation/at-rest.ts'
import { once, type FaultKind } from '../../../simulation/world/effects.ts'
import { commitOf, type ReleaseKind } from '../../../simulation/world/releases.ts'
import type { World } from '../../../simulation/world/world.ts'
import { must, type Check } from '../check.ts'
import { ask, checkAnswer, checkNumbers, ready, upgraded } from '../operations.ts'
import type { Started } from '../../../../src/updater/service.ts'

/** An operation whose every effect is hit once. */
interface Story {
  readonly name: string
  readonly kinds: readonly FaultKind[]
  readonly begin: () => Promise<World>
  readonly operate: (world: World) => Promise<Started>
  readonly from: string
  readonly target: string
}

const deaths: readonly FaultKind[] = ['crash before', 'crash after', 'crash during']

const stories: readonly Story[] = [
  { ...applying('good'), kinds: ['crash after', 'takes effect but fails', 'fails', 'crash before', 'crash during', 'hangs', 'takes effect late'] },
  { ...applying('bot dies'), kinds: ['crash after', 'takes effect but fails'] },
  { ...applying('broken when routed'), kinds: ['crash after'] },
  {
    name: 'a rollback to what was found running', kinds: ['crash after'], begin: upgraded, from: 'v1.1.0', target: 'v1.0.0',
    operate: (world) => world.updater.rollback({ previousSha: commitOf('v1.0.0'), origin: 'api' }),
  },
]

/** Faults at every effect of a story. The exhaustive campaign does more of it; here it is what finds what nothing else does. */
export const everyEffect: readonly Check[] = stories.flatMap((story) => story.kinds.map((kind) => ({
  name: `${story.name}, "${kind}" at every effect`,
  run: () => everywhere(story, kind),
})))

function applying(kind: ReleaseKind): Omit<Story, 'kinds'> {
  return {
    name: `an apply of a release that is "${kind}"`, from: 'v1.0.0', target: 'v1.1.0',
    begin: () => ready({ releases: { 'v1.1.0': kind } }),
    operate: (world) => ask(world, 'v1.1.0'),
  }
}

async function everywhere(story: Story, kind: FaultKind): Promise<void> {
  const whole = await story.begin()
  const first = whole.stack.effects.done.length
  await attempt(whole, story)
  for (const { index, name } of whole.stack.effects.done.slice(first)) {
    // Only the engine goes on with what a dead daemon asked for.
    if (kind === 'crash during' && !name.startsWith('runtime.')) continue
    const world = await story.begin()
    const before = world.stack.effects.done.length
    world.stack.effects.interference = once(kind, (effect) => effect.index === index)
    const answered = await attempt(world, story)
    await settle(world)
    if (!deaths.includes(kind)) checkNumbers(world.stack.effects.done.slice(before))
    const wanted = answered ?? endOf(world, story)
    const { record } = world.stack
    must('ends as it was told', record?.active.commit === commitOf(wanted), `${record?.active.tag} runs at the end, not ${wanted}`)
  }
}

/** The operation to its end, with a new daemon if the fault killed this one. @returns the release that its answer said to serve */
async function attempt(world: World, story: Story): Promise<string | null> {
  let answered: string | null = null
  const asked = await world.drive(story.operate(world))
  if (asked.kind === 'value') {
    const outcome = await world.drive(asked.value.outcome)
    if (outcome.kind === 'value') {
      if (outcome.value.status !== 'failed') answered = outcome.value.status === 'success' ? story.target : story.from
      if (outcome.value.status === 'success') checkAnswer(world, outcome.value)
    }
    await world.drive(asked.value.finished)
  }
  if (world.daemon.life.dead) await world.start()
  return answered
}

/** Where nothing was answered: the new release if its commit was reached. */
function endOf(world: World, { from, target }: Story): string {
  return world.stack.record?.lastGood?.tag === target ? target : from
}
