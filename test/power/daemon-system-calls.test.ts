import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tellLoad } from '../kill/figures.ts'
import { openGround, type Ground } from '../kill/ground.ts'
import { wrongOutcome } from '../kill/outcome.ts'
import { askFor, diesOrEnds, inStory, possible, unpauseIfHeld } from '../kill/survival.ts'
import { tellFigure } from '../reporting/figures.ts'
import { unsettled } from '../sandbox/daemon/at-rest.ts'
import { untilNothingIsWrong } from '../sandbox/daemon/waiting.ts'
import { attachStrace, describeInjection, titleWithStrace, tracedCalls, withoutStrace, type Injection } from './strace.ts'

/*
 * The real daemon in real rollouts under load, traced: one of its system calls on files of its own fails, or it dies at
 * it. Every step of a rollout is struck in each of these ways; ZETHERION_POWER_EVERY=1 strikes every write of the
 * record instead of every third one, which are begin and end of a step by turns.
 */

const every = Number(process.env['ZETHERION_POWER_EVERY'] ?? 3)

/** Files that strace looks at, by the tokens that the daemon is going to draw. */
type Paths = (state: string, tokens: readonly string[]) => string[]

/** Each write of the record makes two: a copy of the earlier generation, then the new one. strace knows a rename by its old name. */
const newRecord: Paths = (state, tokens) => tokens.map((token) => join(state, `updater-state.json.tmp-${token}`))
const preparedRoutes: Paths = (state, tokens) => tokens.map((token) => join(state, `traefik/.staging/routes-${token}.yml`))
const stagedRoutes: Paths = (state, tokens) => tokens.map((token) => join(state, `traefik/.staging/routes-${token}.yml.tmp`))
const history: Paths = (state) => [join(state, 'updater-history.jsonl')]

describe.skipIf(withoutStrace)(titleWithStrace('a daemon whose system calls fail'), () => {
  let ground: Ground
  let starts = 0
  let met = 0
  const start = async (): Promise<void> => {
    starts += 1
    const env = {
      UV_THREADPOOL_SIZE: '1', NODE_OPTIONS: `--require ${JSON.stringify(fileURLToPath(new URL('foretold-tokens.cjs', import.meta.url)))}`,
      ZETHERION_TEST_TOKENS: String(starts),
    }
    if ((await ground.recover(env)) === null) throw new Error('the daemon ended by itself')
  }
  const tokens = () => Array.from({ length: 1_500 }, (_, index) => `${starts}`.padStart(16, '0') + `${index + 1}`.padStart(16, '0'))

  beforeAll(async () => {
    ground = await openGround()
    await start()
  })
  afterAll(() => ground.end())

  /** A rollout, or a rollback where it has been rolled out. @returns null where it had no such call */
  async function strike(injection: Injection, paths: Paths): Promise<Outcome | null> {
    return inStory(ground, describeInjection(injection), async () => {
      const [undertaking] = possible(ground)
      const { activeTag: before } = ground.state()
      const { state, root } = ground.stack.project
      const log = join(root, 'strace.log')
      const detach = await attachStrace(ground.running().pid, log, paths(state, tokens()), injection)
      ground.observer.note(`-- ${undertaking} with ${describeInjection(injection)}`)
      try {
        // What cannot even be opened durably is refused, with the reason; nothing was begun then.
        await askFor(ground, undertaking).catch((error: unknown) => {
          if (!String(error).includes('storage_failed')) throw error
          ground.observer.note('-- refused: it could not be opened')
        })
        await diesOrEnds(ground)
      } finally {
        await detach()
      }
      const struck = !ground.running().alive || (await tracedCalls(log)).some(({ injected }) => injected)
      await rm(log)
      if (!ground.running().alive) {
        const left = ground.state()
        await start()
        const wrong = wrongOutcome(left, ground.state())
        if (wrong.length > 0) throw new Error(wrong.join('\n'))
      }
      await untilNothingIsWrong(async () => unsettled(ground.stack, JSON.parse(await readFile(join(state, 'updater-state.json'), 'utf8'))))
      const { activeTag: after, holds, paused } = ground.state()
      const undone = after === before
      if (!undone && paused) throw new Error(`${after} serves, and rollouts are held: ${holds.join('; ')}`)
      if (injection.fault !== 'KILL' && !holds.every((hold) => / (storage_failed|routes_unwritable): .*(EIO|ENOSPC|disk is full)/.test(hold))) throw new Error(`what holds does not say why: ${holds.join('; ')}`)
      await unpauseIfHeld(ground)
      if (struck) met += 1
      return struck ? !undone ? 'finished' : paused ? 'held' : 'not held' : null
    })
  }

  test.for([
    ['fault 12', 'the sync of a record fails', 'fsync', 'EIO', 1],
    ['fault 11', 'the disk is full at a record', 'write', 'ENOSPC', 2],
    ['fault 10', 'the rename of a record fails', 'rename', 'EIO', 2],
  ] as const)('%s: in whichever step %s, one color is served, the outcome is told and held, and it converges', async ([, , call, fault, from]) => {
    const outcomes: Outcome[] = []
    for (let write = from; ; write += every) {
      const outcome = await strike({ call, fault, nth: 2 * write }, newRecord)
      if (outcome === null) break
      // What cannot even be opened is refused.
      expect(outcome === 'not held', `write ${write}`).toBe(write === 1)
      outcomes.push(outcome)
    }
    expect(outcomes.filter((outcome) => outcome === 'held').length).toBeGreaterThan(4)
    // Four or five writes follow the commit: every third of them is one or two.
    expect(outcomes.filter((outcome) => outcome === 'finished').length).toBeGreaterThan(0)
  })

  test('fault 10: in whichever step it dies at the rename of a record, one color is served and it converges', async () => {
    const outcomes: Outcome[] = []
    for (let write = 1; ; write += every) {
      const outcome = await strike({ call: 'rename', fault: 'KILL', nth: 2 * write }, newRecord)
      if (outcome === null) break
      outcomes.push(outcome)
    }
    expect(new Set(outcomes)).toEqual(new Set(['not held', 'held', 'finished']))
  })

  test.for([
    ['fault 11', 'the disk is full at the prepared way back', 'write', 'ENOSPC', 1, stagedRoutes],
    ['fault 12', 'the sync of the prepared routes fails', 'fsync', 'EIO', 2, stagedRoutes],
    ['fault 10', 'it dies at the prepared routes', 'fsync', 'KILL', 1, stagedRoutes],
    ['fault 10', 'the switch itself fails', 'rename', 'EIO', 1, preparedRoutes],
    ['fault 10', 'it dies at the switch', 'rename', 'KILL', 1, preparedRoutes],
  ] as const)('%s: when %s, the old color serves on', async ([, , call, fault, nth, paths]) => {
    expect(await strike({ call, fault, nth }, paths)).toMatch(/held/)
  })

  test.for([
    ['cannot be written', 'write', 'EIO'],
    ['is on a full disk', 'write', 'ENOSPC'],
    ['cannot be synced', 'fsync', 'EIO'],
  ] as const)('fault 44: a history that %s does not harm the rollout', async ([, call, fault]) => {
    expect(await strike({ call, fault, nth: 1 }, history)).toBe('finished')
  })

  test('all of this failed no request', (context) => {
    tellLoad(context, ground)
    tellFigure(context, { name: 'injected system call faults', value: met, together: 'sum' })
    expect(ground.load.failed).toEqual([])
    expect(ground.load.sent).toBeGreaterThan(100)
  })
})

/** What became of it: the new release serves, or the old one serves on and rollouts are held or not. */
type Outcome = 'finished' | 'held' | 'not held'
