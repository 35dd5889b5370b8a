import { afterAll, beforeAll, expect, it, type TestContext } from 'vitest'
import type { SeenOperation, SeenState } from '../../kill/observer/state-file.ts'
import { tellFigure } from '../../reporting/figures.ts'
import { chance } from './chance.ts'
import { followWrites } from './followed-apply.ts'
import { applied, onHurtStack, otherThan } from './hurt-stack.ts'
import { survive, type Ground, type Kill, type Survived } from './one-kill.ts'
import { watchFromOutside } from './outside.ts'
import type { Place, WrittenPlace } from './place.ts'
import { seenRecord } from './record-look.ts'

/** Kills in all; those that are not told their place hit random instants. */
const kills = Number(process.env['ZETHERION_ENGINE_KILLS'] ?? 40)
/** Of an operation at random instants at least, however many exact places there are. */
const leastRandom = 8

onHurtStack('the updater killed with SIGKILL on a real engine behind a real Traefik', {}, (here) => {
  const dice = chance()
  let ground: Ground
  /** Every version of the record in one undisturbed apply, the one before it first, and how long it took, ms. */
  let versions: readonly SeenState[] = []
  let took = 0
  let carriedOut = 0
  let sent = 0
  /** Where kills at boundaries of the record landed: how many writes there had been, and on which side of the next one, or of that one. */
  const landed = new Set<string>()

  beforeAll(async () => {
    const hurt = here()
    const { stack, engine } = hurt
    ground = { hurt, outside: watchFromOutside({ state: stack.project.state, socketPath: engine.socketPath, sessions: () => stack.gateway() }), seed: dice.seed }
    const before = await seenRecord(hurt.stack.project.state)
    const begun = performance.now()
    versions = [before, ...await followWrites(hurt, () => applied(hurt, 'v1.7.0'))]
    took = performance.now() - begun
    sent = hurt.load.sent
  })
  afterAll(() => ground.outside.stop())

  /** One kill after the other, each in an operation towards the good release that does not run just then unless told otherwise. */
  const kill = async (context: TestContext, places: readonly Place[], more: Pick<Kill, 'again'> & { readonly tag?: string; readonly kind?: Kill['wish']['kind'] } = {}): Promise<Survived[]> => {
    const { hurt } = ground
    const survived: Survived[] = []
    for (const place of places) {
      const wish = { kind: more.kind ?? 'apply', tag: more.tag ?? otherThan(await seenRecord(hurt.stack.project.state)) }
      const one = await survive(ground, { wish, place, ...(more.again && { again: more.again }) })
      survived.push(one)
      carriedOut += one.kills
      if (place.kind === 'write') landed.add(boundaryName(place.side === 'before' ? one.writes + 1 : one.writes, place.side))
      tellFigure(context, { name: 'kills survived on the engine', value: one.kills, together: 'sum' })
      if (place.kind === 'instant') tellFigure(context, { name: 'kills at random instants of an operation on the engine', value: 1, together: 'sum' })
      tellFigure(context, { name: 'longest recovery after kill -9 on the engine, ms', value: one.recovery, together: 'most' })
    }
    tellFigure(context, { name: 'failed requests under load', value: hurt.load.failed.length, together: 'sum' })
    tellFigure(context, { name: 'requests under load', value: hurt.load.sent - sent, together: 'sum' })
    sent = hurt.load.sent
    return survived
  }
  const boundaries = (): readonly Boundary[] => boundariesOf(versions)
  /** Kills at each of these boundaries that leaves an operation like this; what was left is held against that once more. */
  const killWhere = async (context: TestContext, least: number, is: (operation: SeenOperation | null) => boolean, among = boundaries()): Promise<void> => {
    const places = among.filter(({ left, place }) => is(left.operation) && place.number < versions.length - (place.side === 'after' ? 1 : 0)).map(({ place }) => place)
    expect(places.length).toBeGreaterThanOrEqual(least)
    for (const { left } of await kill(context, places)) expect(left.operation, 'the operation that the kill left').toSatisfy(is)
  }
  /** How many boundaries there are until the routes are about to be replaced. */
  const untilReplaced = (): number => boundaries().findIndex(({ left }) => isSwitch(left.operation?.step)) + 1
  const someMoment = (): number => dice.below(2_000)

  it('fault 1: killed around each record write before anything is started, the old release serves on', (context) =>
    killWhere(context, 11, (operation) => operation === null || (operation.phase === 'preparing' && !isStart(operation.step))), limit)

  it('fault 2: killed around the start of the standby, also before it is recorded, it is found and removed', (context) =>
    killWhere(context, 3, (operation) => operation?.phase === 'preparing' && isStart(operation.step)), limit)

  it('fault 3: killed before the routes are replaced, the old release serves and nothing stays staged', async (context) => {
    await killWhere(context, 2, (operation) => operation?.phase === 'switching', boundaries().slice(0, untilReplaced()))
    await kill(context, [{ kind: 'routes', side: 'before' }])
  }, limit)

  it('fault 4: killed after the routes are replaced, before that is recorded and right after, they go back', async (context) => {
    await kill(context, [{ kind: 'routes', side: 'after' }])
    await killWhere(context, 3, (operation) => operation?.phase === 'switching' && isSwitch(operation.step), boundaries().slice(untilReplaced()))
  }, limit)

  it('fault 5: killed between the routed gate and the commit point, everything goes back', (context) =>
    killWhere(context, 4, (operation) => operation?.phase === 'swapping'), limit)

  it('fault 6: killed at each moment of the bot\'s replacement, exactly one bot is back, the old one', (context) => kill(context, [
    { kind: 'call', call: 'stop', side: 'before' },
    { kind: 'call', call: 'remove', side: 'before' },
    { kind: 'call', call: 'remove', side: 'after' },
    { kind: 'event', action: 'create' },
    { kind: 'event', action: 'start' },
  ]), limit)

  it('fault 7: killed around each record write after the commit point, the rollout is finished', async (context) => {
    await killWhere(context, 7, (operation) => operation?.phase === 'retiring')
    const [closed] = await kill(context, [{ kind: 'write', number: versions.length - 1, side: 'after' }])
    expect(closed?.left.operation).toBeNull()
  }, limit)

  it('was killed at every boundary of the record in an apply', () => {
    expect([...landed].sort()).toEqual(boundaries().map(({ place }) => boundaryName(place.number, place.side)).sort())
  })

  it('fault 8: killed again and again while it undoes and while it finishes, it ends the same', async (context) => {
    const undone = await kill(context, [{ kind: 'call', call: 'remove', side: 'after' }], { again: 'at each boundary' })
    const finished = await kill(context, [committed(boundaries())], { again: 'at each boundary' })
    // At least those around the write that takes over and around the one that closes.
    for (const { kills } of [...undone, ...finished]) expect(kills).toBeGreaterThanOrEqual(5)
  }, limit)

  it('is killed at random instants of applies, rollbacks and bad releases, and the stack is right after each', async (context) => {
    const first = carriedOut
    const wanted = Math.max(kills - first, leastRandom)
    for (let done = 0; done < wanted; done += 1) {
      const place = { kind: 'instant', milliseconds: dice.below(took) } as const
      const again = dice.below(2) === 0 ? [someMoment()] : []
      const kind = ([{ kind: 'rollback' }, { tag: 'v1.4.0' }, {}, { tag: 'v1.2.0' }] as const)[done % 4] ?? {}
      await kill(context, [place], { again, ...kind })
    }
    expect(carriedOut).toBeGreaterThanOrEqual(kills)
  }, limit + kills * 15_000)
})

/** A place at a write of the record, and the version that a kill there leaves. */
interface Boundary {
  readonly place: WrittenPlace
  readonly left: SeenState
}

/**
 * After each write; and before each one that tells of an effect or leads to the next phase. Between the last write and the intent of a step
 * the updater passes gates and waits: a kill there would leave what one after either of the two leaves.
 */
function boundariesOf([first, ...written]: readonly SeenState[]): Boundary[] {
  let last = first
  return written.flatMap((version, index): Boundary[] => {
    const before = last ?? version
    last = version
    const after = { place: { kind: 'write', number: index + 1, side: 'after' }, left: version } as const
    return isIntent(before, version) ? [after] : [{ place: { kind: 'write', number: index + 1, side: 'before' }, left: before }, after]
  })
}

function isIntent({ operation: before }: SeenState, { operation: version }: SeenState): boolean {
  return before !== null && before.phase === version?.phase && before.step !== version.step
}

/** Right behind the commit point. */
function committed(boundaries: readonly Boundary[]): WrittenPlace {
  const first = boundaries.find(({ left, place }) => left.operation?.phase === 'retiring' && place.side === 'after')
  if (first === undefined) throw new Error('the apply was not committed')
  return first.place
}

function boundaryName(write: number, side: 'before' | 'after'): string {
  return `${side} write ${String(write).padStart(2, '0')}`
}

/** Compose starts both services of the standby in one call. */
function isStart(step: string | null): boolean {
  return step?.startsWith('start_') === true
}

function isSwitch(step: string | null | undefined): boolean {
  return step === 'route_switch'
}

/** For a machine that does much else, ms; a quiet one needs a tenth. */
const limit = 600_000
