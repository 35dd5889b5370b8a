import { beforeAll, expect, it, type TestContext } from 'vitest'
import type { SeenState } from '../../kill/observer/state-file.ts'
import { tellFigure } from '../../reporting/figures.ts'
import { chance } from './chance.ts'
import { applied, onHurtStack, otherThan } from './hurt-stack.ts'
import { survive, type Kill, type Place } from './one-kill.ts'
import { followRecord, seenRecord } from './record-look.ts'

/** Kills in all; those that are not told their place hit random instants. */
const kills = Number(process.env['ZETHERION_ENGINE_KILLS'] ?? 40)

onHurtStack('the updater killed with SIGKILL on a real engine behind a real Traefik', {}, (here) => {
  const dice = chance()
  /** What was seen of the state file in one undisturbed apply; of two versions close together only the second one may have been. */
  const seen: SeenState[] = []
  /** The version that was there before it, and when the last one came, ms: where and when an apply can be killed. */
  let first = 0
  let took = 0
  let carriedOut = 0
  let sent = 0
  const hit = new Set<number>()

  beforeAll(async () => {
    const hurt = here()
    first = (await seenRecord(hurt.stack.project.state)).sequence
    const begun = performance.now()
    const end = followRecord(hurt.stack.project.state, (record) => {
      seen.push(record)
      took = performance.now() - begun
    })
    await applied(hurt, 'v1.7.0')
    end()
    sent = hurt.load.sent
  })

  /** One kill after the other, each in an operation towards the good release that does not run just then unless told otherwise. */
  const kill = async (context: TestContext, places: readonly Place[], more: { readonly again?: readonly number[]; readonly tag?: string; readonly kind?: Kill['wish']['kind'] } = {}): Promise<void> => {
    const hurt = here()
    for (const place of places) {
      const wish = { kind: more.kind ?? 'apply', tag: more.tag ?? otherThan(await seenRecord(hurt.stack.project.state)) }
      const survived = await survive(hurt, { wish, place, ...(more.again && { again: more.again }) }, dice.seed)
      carriedOut += survived.kills
      if (place.kind === 'write') hit.add(place.number)
      tellFigure(context, { name: 'kills survived on the engine', value: survived.kills, together: 'sum' })
      tellFigure(context, { name: 'longest recovery after kill -9 on the engine, ms', value: survived.recovery, together: 'most' })
    }
    tellFigure(context, { name: 'failed requests under load', value: hurt.load.failed.length, together: 'sum' })
    tellFigure(context, { name: 'requests under load', value: hurt.load.sent - sent, together: 'sum' })
    sent = hurt.load.sent
  }
  /** Every write from the first one on, also one that was not seen: a kill there comes when the next one is seen, so that one's phase is its. */
  const boundaries = (): { readonly number: number; readonly at: SeenState }[] =>
    seen.flatMap((at, index) => {
      const before = seen[index - 1]?.sequence ?? first
      return Array.from({ length: at.sequence - before }, (_, further) => ({ number: before - first + further + 1, at }))
    })
  const writes = (is: (operation: NonNullable<SeenState['operation']>) => boolean): Place[] =>
    boundaries().flatMap(({ number, at: { operation } }): Place[] => (operation !== null && is(operation) ? [{ kind: 'write', number }] : []))
  const someMoment = (): number => dice.below(1_500)

  it('fault 1: killed at each record write before anything is started, the old release serves on', async (context) => {
    const places = writes(({ phase, step }) => phase === 'preparing' && !isStart(step))
    expect(places.length).toBeGreaterThanOrEqual(7)
    await kill(context, places)
  }, limit)

  it('fault 2: killed around the start of the standby, also before it is recorded, it is found and removed', async (context) => {
    await kill(context, writes(({ phase, step }) => phase === 'preparing' && isStart(step)))
  }, limit)

  it('fault 3: killed before the routes are replaced, the old release serves and nothing stays staged', async (context) => {
    await kill(context, writes(({ phase }) => phase === 'switching').slice(0, 2))
  }, limit)

  it('fault 4: killed after the routes are replaced, before that is recorded and right after, they go back', async (context) => {
    await kill(context, [{ kind: 'routes', number: 1 }, ...writes(({ phase }) => phase === 'switching').slice(2)])
  }, limit)

  it('fault 5: killed between the routed gate and the commit point, everything goes back', async (context) => {
    await kill(context, writes(({ phase }) => phase === 'swapping'))
  }, limit)

  it('fault 6: killed at each moment of the bot\'s replacement, exactly one bot is back, the old one', async (context) => {
    for (const action of ['die', 'destroy', 'create', 'start'] as const) await kill(context, [{ kind: 'bot', action }])
  }, limit)

  it('fault 7: killed at each record write after the commit point, the rollout is finished', async (context) => {
    const places = writes(({ phase }) => phase === 'retiring')
    expect(places.length).toBeGreaterThanOrEqual(5)
    await kill(context, [...places, { kind: 'write', number: boundaries().length }])
  }, limit)

  it('was killed at every record write of an apply', () => {
    expect([...hit].sort((a, b) => a - b)).toEqual(boundaries().map(({ number }) => number))
  })

  it('fault 8: killed again and again while it undoes and while it finishes, it ends the same', async (context) => {
    await kill(context, [{ kind: 'bot', action: 'destroy' }], { again: [someMoment(), someMoment(), someMoment()] })
    await kill(context, writes(({ phase, step }) => phase === 'retiring' && step === 'commit'), { again: [someMoment(), someMoment()] })
  }, limit)

  it('is killed at random instants of applies, rollbacks and bad releases, and the stack is right after each', async (context) => {
    for (let left = kills - carriedOut; left > 0; left = kills - carriedOut) {
      const place = { kind: 'after', milliseconds: dice.below(took) } as const
      const again = dice.below(3) === 0 ? [someMoment()] : []
      const kind = ([{ kind: 'rollback' }, { tag: 'v1.4.0' }, {}, { tag: 'v1.2.0' }] as const)[carriedOut % 4] ?? {}
      await kill(context, [place], { again, ...kind })
    }
  }, limit + kills * 15_000)
})

/** Compose starts both services of the standby in one call. */
function isStart(step: string | null): boolean {
  return step?.startsWith('start_') === true
}

/** For a machine that does much else, ms; a quiet one needs a tenth. */
const limit = 300_000
