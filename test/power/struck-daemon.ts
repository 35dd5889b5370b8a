import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openGround, type Ground } from '../kill/ground.ts'
import { wrongOutcome } from '../kill/outcome.ts'
import { askFor, diesOrEnds, inStory, possible, unpauseIfHeld } from '../kill/survival.ts'
import { unsettled } from '../sandbox/daemon/at-rest.ts'
import { untilNothingIsWrong } from '../sandbox/daemon/waiting.ts'
import { attachStrace, describeInjection, tracedCalls, type Injection, type TracedCall } from './strace.ts'

/** Files and directories that strace looks at, by the tokens that the daemon is going to draw. */
export type Paths = (state: string, tokens: readonly string[]) => string[]

/** What became of it: the new release serves, or the old one serves on and rollouts are held or not. */
export type Outcome = 'finished' | 'held' | 'not held'

export interface Strike {
  /** Null where it had no such call. */
  readonly outcome: Outcome | null
  /** What it did with these files. */
  readonly calls: readonly TracedCall[]
}

/** A real daemon under load, one of whose system calls is struck in each of its rollouts. */
export interface StruckDaemon {
  readonly ground: Ground
  /**
   * A rollout, or a rollback where it has been rolled out; it ends as it must, and rollouts are not held afterwards.
   * @param injection null: it is only looked at
   * @throws Error with all that is known, when anything is wrong
   */
  readonly strike: (injection: Injection | null, paths: Paths) => Promise<Strike>
}

export async function openStruckDaemon(): Promise<StruckDaemon> {
  const ground = await openGround()
  let starts = 0
  const start = async (): Promise<void> => {
    starts += 1
    const env = {
      UV_THREADPOOL_SIZE: '1', NODE_OPTIONS: `--require ${JSON.stringify(fileURLToPath(new URL('foretold-tokens.cjs', import.meta.url)))}`,
      ZETHERION_TEST_TOKENS: String(starts),
    }
    if ((await ground.recover(env)) === null) throw new Error('the daemon ended by itself')
  }
  const tokens = () => Array.from({ length: 1_500 }, (_, index) => `${starts}`.padStart(16, '0') + `${index + 1}`.padStart(16, '0'))

  const strike = (injection: Injection | null, paths: Paths): Promise<Strike> => {
    const told = injection === null ? 'nothing that fails' : describeInjection(injection)
    return inStory(ground, told, () => strikeOnce(injection, paths, told))
  }

  async function strikeOnce(injection: Injection | null, paths: Paths, told: string): Promise<Strike> {
    const [undertaking] = possible(ground)
    const { activeTag: before } = ground.state()
    const { state, root } = ground.stack.project
    const log = join(root, 'strace.log')
    const detach = await attachStrace(ground.running().pid, log, paths(state, tokens()), injection)
    ground.observer.note(`-- ${undertaking} with ${told}`)
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
    const calls = await tracedCalls(log)
    const struck = !ground.running().alive || calls.some(({ injected }) => injected)
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
    if (injection?.fault !== 'KILL' && !holds.every((hold) => / (storage_failed|routes_unwritable): .*(EIO|ENOSPC|disk is full)/.test(hold))) throw new Error(`what holds does not say why: ${holds.join('; ')}`)
    await unpauseIfHeld(ground)
    return { outcome: !struck ? null : !undone ? 'finished' : paused ? 'held' : 'not held', calls }
  }

  try {
    await start()
  } catch (error) {
    await ground.end()
    throw error
  }
  return { ground, strike }
}
