import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tellLoad } from '../kill/figures.ts'
import { openingLimit } from '../kill/ground.ts'
import { tellFigure } from '../reporting/figures.ts'
import { describeInjection, titleWithStrace, withoutStrace, type Injection, type TracedCall } from './strace.ts'
import { openStruckDaemon, type Outcome, type Paths, type StruckDaemon } from './struck-daemon.ts'

/*
 * The real daemon in real rollouts under load, traced: one of its system calls on files of its own fails, or it dies at
 * it. Every write of the record is struck in each of these ways, and every call on the routes and on the history; each of
 * the nine calls that one write of the record makes is struck in system-calls.test.ts. How many there are is counted first.
 */

/** Each write of the record makes two: a copy of the earlier generation, then the new one. strace knows a rename by its old name. */
const newRecord: Paths = (state, tokens) => tokens.map((token) => join(state, `updater-state.json.tmp-${token}`))
/** Two prepared versions, of which one comes into force, and the directories that are synced for it. */
const routes: Paths = (state, tokens) => [
  ...['traefik', 'traefik/.staging', 'traefik/dynamic'].map((directory) => join(state, directory)),
  ...tokens.flatMap((token) => ['yml', 'yml.tmp'].map((ending) => join(state, `traefik/.staging/routes-${token}.${ending}`))),
]
const record = /updater-state\.json\.tmp/
const history: Paths = (state) => [join(state, 'updater-history.jsonl')]

interface Struck {
  /** The how-manieth one, from 1. */
  readonly number: number
  readonly outcome: Outcome
}

describe.skipIf(withoutStrace)(titleWithStrace('a daemon whose system calls fail'), () => {
  /** Two, so that both cores have work. */
  const daemons: StruckDaemon[] = []
  let counted: readonly TracedCall[] = []
  let writes = 0
  let met = 0

  beforeAll(async () => {
    const opened = await Promise.allSettled([openStruckDaemon(), openStruckDaemon()])
    for (const one of opened) if (one.status === 'fulfilled') daemons.push(one.value)
    for (const one of opened) if (one.status === 'rejected') throw one.reason
    const looks = await Promise.all(daemons.map(({ strike }) => strike(null, (...own) => [...newRecord(...own), ...routes(...own), ...history(...own)])))
    counted = looks[0]?.calls ?? []
    // These two had images to build, which makes a write that no later rollout of theirs makes.
    writes = callsOf('rename', record) / 2 - 1
  }, openingLimit)
  afterAll(() => Promise.all(daemons.map(({ ground }) => ground.end())))

  const callsOf = (call: Injection['call'], path: RegExp): number => counted.filter((one) => one.call === call && path.test(one.path)).length

  /** Strikes the first such call, the second, and so on to the last. */
  async function strikeEach(count: number, injection: (number: number) => Injection, paths: Paths): Promise<Struck[]> {
    const struck: Struck[] = []
    await Promise.all(daemons.map(async ({ strike }, first) => {
      for (let number = first + 1; number <= count; number += daemons.length) {
        // A history that could not be written is replaced as a whole by the next rollout, which has its first line elsewhere then.
        const outcome = (await strike(injection(number), paths)).outcome ?? (await strike(injection(number), paths)).outcome
        if (outcome === null) throw new Error(`a rollout has no ${describeInjection(injection(number))}`)
        struck.push({ number, outcome })
      }
    }))
    met += struck.length
    return struck
  }

  const count = (struck: readonly Struck[], outcome: Outcome): number => struck.filter((one) => one.outcome === outcome).length

  test.for([
    ['fault 12', 'the sync of a record fails', 'fsync', 'EIO'],
    ['fault 11', 'the disk is full at a record', 'write', 'ENOSPC'],
    ['fault 10', 'the rename of a record fails', 'rename', 'EIO'],
  ] as const)('%s: in whichever step %s, one color is served, the outcome is told and held, and it converges', async ([, , call, fault]) => {
    const struck = await strikeEach(writes, (write) => ({ call, fault, nth: 2 * write }), newRecord)
    // What cannot even be opened is refused.
    expect(struck.filter(({ outcome }) => outcome === 'not held').map(({ number }) => number)).toEqual([1])
    expect(count(struck, 'held')).toBeGreaterThan(10)
    expect(count(struck, 'finished')).toBeGreaterThan(3)
  })

  test('fault 10: in whichever step it dies at the rename of a record, one color is served and it converges', async () => {
    const struck = await strikeEach(writes, (write) => ({ call: 'rename', fault: 'KILL', nth: 2 * write }), newRecord)
    for (const [outcome, most] of [['not held', 3], ['held', 6], ['finished', 3]] as const) expect(count(struck, outcome), outcome).toBeGreaterThan(most)
  })

  test.for([
    ['fault 11', 'the disk is full at a write of the routes', 'write', 'ENOSPC', 2],
    ['fault 12', 'a sync of the routes or of their directory fails', 'fsync', 'EIO', 10],
    ['fault 10', 'a rename of the routes fails, the switch itself as well', 'rename', 'EIO', 3],
    ['fault 10', 'it dies at a sync of the routes or of their directory', 'fsync', 'KILL', 10],
    ['fault 10', 'it dies at a rename of the routes, the switch itself as well', 'rename', 'KILL', 3],
  ] as const)('%s: whenever %s, the old color serves on', async ([, , call, fault, calls]) => {
    expect(callsOf(call, /\/traefik/)).toBe(calls)
    const struck = await strikeEach(calls, (nth) => ({ call, fault, nth }), routes)
    expect(struck.filter(({ outcome }) => outcome === 'finished')).toEqual([])
  })

  test.for([
    ['fault 44', 'cannot be written', 'write', 'EIO'],
    ['fault 44', 'is on a full disk', 'write', 'ENOSPC'],
    ['fault 44', 'cannot be synced', 'fsync', 'EIO'],
    ['fault 10', 'it dies at', 'write', 'KILL'],
  ] as const)('%s: a history that %s does not harm the rollout', async ([, , call, fault]) => {
    expect(callsOf(call, /updater-history/)).toBe(2)
    const struck = await strikeEach(2, (nth) => ({ call, fault, nth }), history)
    expect(struck.map(({ outcome }) => outcome)).toEqual(['finished', 'finished'])
  })

  test('all of this failed no request', (context) => {
    tellFigure(context, { name: 'injected system call faults', value: met, together: 'sum' })
    for (const { ground } of daemons) {
      tellLoad(context, ground)
      expect(ground.load.failed).toEqual([])
      expect(ground.load.sent).toBeGreaterThan(100)
    }
  })
})
