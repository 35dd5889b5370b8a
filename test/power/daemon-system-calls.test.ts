import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tellLoad } from '../kill/figures.ts'
import { openingLimit } from '../kill/ground.ts'
import { tellFigure } from '../reporting/figures.ts'
import { phases, told, type Phase, type RolloutCall } from './rollout-calls.ts'
import { titleWithStrace, withoutStrace } from './strace.ts'
import { faults, isOpening, planStrikes, type PlannedStrike } from './strike-plan.ts'
import { openStruckDaemon, type Outcome, type StruckDaemon } from './struck-daemon.ts'

/*
 * The real daemon in real rollouts under load, traced: one of its system calls fails, or it dies at it. First whole rollouts
 * are watched: whatever the daemon itself syncs, renames or writes below its state directory is struck, listed here or not;
 * strike-plan.ts says in which ways. What the programs that it starts write there (git in source.git, git and tar in
 * releases/) is theirs. Its lock and its sockets are neither synced nor renamed nor written.
 */

interface Part {
  readonly name: string
  readonly has: (call: RolloutCall) => boolean
}
const below = (directory: string) => ({ path, record }: RolloutCall): boolean => record === null && path.startsWith(directory)
const record: Part = { name: 'a write of the record', has: (call) => call.record !== null }
const routes: Part = { name: 'the routes, the switch itself as well', has: below('/traefik') }
/** Its directory is synced for the first line. */
const history: Part = { name: 'the history', has: (call) => below('/updater-history.jsonl')(call) || (call.record === null && call.path === '/') }
const release: Part = { name: 'a release that is laid out', has: below('/releases') }
const nine = [0, 1, 2, 3, 4, 5, 6, 7, 8]
/** What takes least comes first. */
const parts = [release, routes, history, record]

describe.skipIf(withoutStrace)(titleWithStrace('a daemon whose system calls fail'), () => {
  /** Two, so that both cores have work. */
  const daemons: StruckDaemon[] = []
  let anew: readonly RolloutCall[] = []
  let again: readonly RolloutCall[] = []
  const strikes = new Map<PlannedStrike, Promise<Outcome>>()
  let isOver = false
  let met = 0

  beforeAll(async () => {
    const opened = await Promise.allSettled([openStruckDaemon(), openStruckDaemon()])
    for (const one of opened) if (one.status === 'fulfilled') daemons.push(one.value)
    for (const one of opened) if (one.status === 'rejected') throw one.reason
    const looks = await Promise.all(daemons.map(async ({ look }) => ({ anew: await look('anew'), again: await look('again') })))
    anew = looks[0]?.anew ?? []
    again = looks[0]?.again ?? []
    begin(planStrikes(anew, again))
  }, openingLimit)
  afterAll(async () => {
    isOver = true
    await Promise.allSettled(strikes.values())
    await Promise.all(daemons.map(({ ground }) => ground.end()))
  }, openingLimit)

  /** Each daemon goes on with its next one at once, whichever test waits for it, and ends with the first that goes wrong. */
  function begin(plan: readonly PlannedStrike[]): void {
    const inOrder = parts.flatMap(({ has }) => plan.filter(({ call }) => has(call)))
    for (const [first, { strike }] of daemons.entries()) {
      let before: Promise<unknown> = Promise.resolve()
      for (const next of inOrder.filter((_, number) => number % daemons.length === first)) {
        const outcome = before.then(() => {
          if (isOver) throw new Error('nobody waits for it any more')
          return strike(next.call, next.fault, next.as)
        })
        outcome.catch(() => undefined) // the test that waits for it tells
        strikes.set(next, outcome)
        before = outcome
      }
    }
  }

  test('every call by which a rollout syncs, renames or writes something below the state directory is struck', () => {
    expect([...anew, ...again].filter((call) => parts.filter(({ has }) => has(call)).length !== 1).map(told)).toEqual([])
    const struck = new Set([...strikes.keys()].map(({ call }) => call))
    expect(again.filter((call) => !struck.has(call)).map(told)).toEqual([])
    // What this one makes as well as the other is struck in the other.
    const timesIn = (calls: Iterable<RolloutCall>, { call, path }: RolloutCall): number => [...calls].filter((one) => one.call === call && one.path === path).length
    expect(anew.filter((call) => timesIn(struck, call) < timesIn(anew, call)).map(told)).toEqual([])
  })

  test('a release that lies there already is made durable again: whoever laid it out may have died, or failed, before it was', () => {
    expect(again).toContainEqual(expect.objectContaining({ call: 'fsync', path: '/releases' }))
  })

  test('each call of a write of the record meets each fault in each phase', () => {
    const met = new Set([...strikes.keys()].map(({ call, fault, as }) => `${as}, ${call.phase}, call ${call.record?.place}, ${fault}`))
    // The rename of the first record opens the rollout, and that of the last one closes it.
    const isMade = (phase: Phase, place: number): boolean => (phase === 'none' ? place < 8 : phase !== 'closed' || place === 8)
    const all = phases.flatMap((phase) => nine.filter((place) => isMade(phase, place)).flatMap((place) => faults.map((fault) => `again, ${phase}, call ${place}, ${fault}`)))
    expect(all.filter((one) => !met.has(one))).toEqual([])
  })

  test.for([
    ...struckAt('fault 12', 'fails', 'EIO', [release, routes, record]),
    ...struckAt('fault 11', 'finds the disk full', 'ENOSPC', [release, routes, record]),
    ...struckAt('fault 10', 'is where it dies', 'KILL', [release, routes, record]),
    ...struckAt('fault 44', 'fails', 'EIO', [history]),
    ...struckAt('fault 44', 'finds the disk full', 'ENOSPC', [history]),
    ...struckAt('fault 44', 'is where it dies', 'KILL', [history]),
  ])('%s: whichever call of %s %s, one color is served, the outcome is told and held, and it converges', async ([, , , part, fault]) => {
    const wanted = [...strikes].filter(([{ call, fault: its }]) => part.has(call) && its === fault)
    expect(wanted).not.toEqual([])
    const outcomes = await Promise.all(wanted.map(async ([{ call }, outcome]) => ({ call, outcome: await outcome })))
    expect(outcomes.filter(({ call, outcome }) => !expected(call, fault).includes(outcome)).map(({ call, outcome }) => `${outcome} after ${told(call)}`)).toEqual([])
    met += outcomes.length
  })

  test('all of this failed no request', (context) => {
    expect(met).toBe(strikes.size)
    tellFigure(context, { name: 'injected system call faults', value: met, together: 'sum' })
    for (const { ground } of daemons) {
      tellLoad(context, ground)
      expect(ground.load.failed).toEqual([])
      expect(ground.load.sent).toBeGreaterThan(100)
    }
  })
})

function struckAt(row: string, how: string, fault: PlannedStrike['fault'], where: readonly Part[]) {
  return where.map((part) => [row, part.name, how, part, fault] as const)
}

/** What may become of it. After a kill the record that was left says more: struck-daemon.ts holds it against that. */
function expected({ phase, path, record }: RolloutCall, fault: PlannedStrike['fault']): Outcome[] {
  if (phase === 'closed') return ['finished']
  // Told that the commit may not be durable, it goes back: the old color still runs.
  if (phase === 'retiring') return record?.says === 'retiring commit' && fault !== 'KILL' ? ['held'] : ['finished']
  if (fault === 'KILL') return phase === 'switching' || phase === 'swapping' ? ['held'] : ['not held', 'held']
  // Nothing was begun.
  if (phase === 'none' || isOpening(record)) return ['not held']
  // The third time in a row it is held.
  return path.startsWith('/releases') ? ['not held', 'held'] : ['held']
}
