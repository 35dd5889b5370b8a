import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createImageStore } from '../../src/sandbox/images/image-store.ts'
import { openGround, releases, type Ground } from '../kill/ground.ts'
import { readSeenState } from '../kill/observer/state-file.ts'
import { wrongOutcome } from '../kill/outcome.ts'
import { askFor, diesOrEnds, inStory, possible, unpauseIfHeld } from '../kill/survival.ts'
import { unsettled } from '../sandbox/daemon/at-rest.ts'
import { untilNothingIsWrong } from '../sandbox/daemon/waiting.ts'
import { callsOfRollout, filesOf, injectionOf, isOneOf, phases, told, type Phase, type RolloutCall, type WrittenRecord } from './rollout-calls.ts'
import { attachStrace, tracedCalls, watchAllCalls, type Injection } from './strace.ts'

/** What became of it: the new release serves, or the old one serves on and rollouts are held or not. */
export type Outcome = 'finished' | 'held' | 'not held'

/** A real daemon under load, one of whose system calls is struck in each of its rollouts. */
export interface StruckDaemon {
  readonly ground: Ground
  /** A rollout, or a rollback where it has been rolled out, in which nothing fails. @returns all that it does below its state directory */
  readonly look: (as: Rollout) => Promise<RolloutCall[]>
  /**
   * The same with one of these calls struck. It ends as it must, and rollouts are not held afterwards.
   * @throws Error with all that is known, when anything is wrong
   */
  readonly strike: (call: RolloutCall, fault: Injection['fault'], as: Rollout) => Promise<Outcome>
}

/** `anew`: by a daemon that has just started, of a release that is not laid out yet. */
export type Rollout = 'anew' | 'again'

/** More than are drawn in a rollout. */
const tokens = 100

export async function openStruckDaemon(): Promise<StruckDaemon> {
  const ground = await openGround()
  const { state, root } = ground.stack.project
  const tokensFile = join(root, 'tokens')
  const log = join(root, 'strace.log')
  let prefix = 0
  const nextTokens = async (): Promise<void> => {
    prefix += 1
    await writeFile(tokensFile, String(prefix))
  }
  const start = async (): Promise<void> => {
    await nextTokens()
    const env = {
      UV_THREADPOOL_SIZE: '1', ZETHERION_TEST_TOKENS: tokensFile,
      NODE_OPTIONS: `${ground.tripwire.env['NODE_OPTIONS']} --require ${JSON.stringify(fileURLToPath(new URL('foretold-tokens.cjs', import.meta.url)))}`,
    }
    if ((await ground.recover(env)) === null) throw new Error('the daemon ended by itself')
  }

  async function prepare(as: Rollout): Promise<void> {
    if (as === 'anew') {
      if (ground.state().activeTag !== releases.first) await rollOut()
      await ground.running().kill()
      await forget(ground.stack.project.release(releases.good).commit)
      await start()
    }
    await nextTokens()
  }

  /** As if the release had never been rolled out, and none before it. */
  async function forget(commit: string): Promise<void> {
    const images = createImageStore(join(root, 'sandbox/images'))
    for (const image of await images.list()) if (image.commit === commit) await images.remove(image)
    for (const name of [`releases/${commit}`, 'updater-history.jsonl']) await rm(join(state, name), { recursive: true, force: true })
  }

  async function rollOut(): Promise<void> {
    await askFor(ground, possible(ground)[0])
    if (await diesOrEnds(ground)) throw new Error('the daemon ended by itself')
  }

  const atRest = () => untilNothingIsWrong(async () => unsettled(ground.stack, JSON.parse(await readFile(join(state, 'updater-state.json'), 'utf8'))))

  const look = (as: Rollout): Promise<RolloutCall[]> => inStory(ground, 'nothing that fails', async () => {
    await prepare(as)
    const records = await mkdtemp(join(root, 'records-'))
    await ground.tripwire.copyAll(/\/updater-state\.json$/, records)
    const detach = await watchAllCalls(ground.running().pid, log)
    try {
      await rollOut()
      await atRest()
    } finally {
      await detach()
      await ground.tripwire.disarm()
    }
    return callsOfRollout(state, await tracedCalls(log), await writtenTo(records))
  })

  const strike = (call: RolloutCall, fault: Injection['fault'], as: Rollout): Promise<Outcome> =>
    inStory(ground, `${fault} at ${told(call)}`, () => strikeOnce(call, fault, as))

  async function strikeOnce(call: RolloutCall, fault: Injection['fault'], as: Rollout): Promise<Outcome> {
    await prepare(as)
    const [undertaking] = possible(ground)
    const { activeTag: before } = ground.state()
    const detach = await attachStrace(ground.running().pid, log, filesOf(call, state, prefix, tokens), injectionOf(call, fault))
    ground.observer.note(`-- ${undertaking} with ${fault} at ${told(call)}`)
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
    await refuseOtherCall(call, fault)
    if (!ground.running().alive) {
      const left = ground.state()
      await start()
      const wrong = wrongOutcome(left, ground.state())
      if (wrong.length > 0) throw new Error(wrong.join('\n'))
    }
    await atRest()
    const { activeTag: after, holds, paused } = ground.state()
    const undone = after === before
    if (!undone && paused) throw new Error(`${after} serves, and rollouts are held: ${holds.join('; ')}`)
    if (fault !== 'KILL' && !holds.every((hold) => / (storage_failed|routes_unwritable|git_failed|disk_full): .*(EIO|ENOSPC|disk (?:of the state directory )?is full)/.test(hold))) throw new Error(`what holds does not say why: ${holds.join('; ')}`)
    await unpauseIfHeld(ground)
    // A history that could not be written is replaced as a whole by the next rollout, which makes other calls for that.
    if (call.path === '/updater-history.jsonl') await rollOut()
    return !undone ? 'finished' : paused ? 'held' : 'not held'
  }

  /** The one that was meant was struck, and nothing else. */
  async function refuseOtherCall(wanted: RolloutCall, fault: Injection['fault']): Promise<void> {
    const calls = await tracedCalls(log)
    const struck = fault === 'KILL' ? (ground.running().alive ? [] : calls.slice(-1)) : calls.filter(({ injected }) => injected)
    if (struck.length !== 1 || !struck.every((one) => isOneOf(wanted, state, one))) throw new Error(`struck was ${JSON.stringify(struck)}`)
  }

  try {
    await start()
  } catch (error) {
    await ground.end()
    throw error
  }
  return { ground, look, strike }
}

/** The records in the order in which they were written: their copies are named by their numbers. */
async function writtenTo(directory: string): Promise<WrittenRecord[]> {
  const names = (await readdir(directory)).toSorted((a, b) => Number(a) - Number(b))
  return Promise.all(names.map(async (name) => {
    const { operation } = readSeenState(await readFile(join(directory, name), 'utf8'))
    const says = `${operation?.phase} ${operation?.step}`.replace(/start_.*/, 'start') // of both colors, and in either order
    return { phase: phaseOf(operation?.phase ?? 'closed'), says }
  }))
}

function phaseOf(name: string): Phase {
  const phase = phases.find((one) => one === name)
  if (phase === undefined) throw new Error(`no phase is called ${name}`)
  return phase
}
