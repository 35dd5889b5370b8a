import { UpdaterError } from '../../rollout/errors.ts'
import type { Clock } from '../../rollout/ports.ts'
import { type ProcessIdentity, findProcesses, identifyProcess, isAlive, sendSignal } from '../process-identity.ts'
import { replaceJson } from '../whole-file.ts'
import { type ContainerPaths, readRun } from './container-files.ts'
import { lookAt } from './container-state.ts'

const pollEvery = 5
/** How long the supervisor may take over its own SIGKILL before it is helped, and how long a SIGKILL may take, ms. */
const patience = 2_000

/**
 * SIGTERM, after the grace SIGKILL. The wish is written down first: a supervisor that comes to life later keeps to it,
 * and it goes on stopping if this daemon dies. Resolves when no process of the container lives. @throws exit_unseen
 */
export async function stopContainer(paths: ContainerPaths, id: string, graceMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
  await replaceJson(paths.stop, { graceMs })
  const { supervisor } = await lookAt(paths, id)
  if (supervisor === null) await signalAll(paths, id, 'SIGTERM')
  else sendSignal(supervisor.pid, 'SIGTERM')

  const mayTake = supervisor === null ? graceMs : graceMs + patience
  if (await isGone(paths, id, supervisor, mayTake, clock, signal)) return
  // Without the supervisor at first: it shall still see, and write down, how the service ended.
  await signalAll(paths, id, 'SIGKILL', supervisor)
  if (supervisor !== null && (await isGone(paths, id, supervisor, patience, clock, signal))) return
  await signalAll(paths, id, 'SIGKILL')
  if (await isGone(paths, id, null, patience, clock, signal)) return
  throw new UpdaterError('exit_unseen', `The exit of container ${id.slice(0, 12)} was not seen, although it was killed: look for its processes before anything takes its place.`)
}

/** @param last who leaves last: while it lives nobody else has to be searched for. Null: there is nobody */
async function isGone(paths: ContainerPaths, id: string, last: ProcessIdentity | null, within: number, clock: Clock, signal: AbortSignal): Promise<boolean> {
  const deadline = clock.monotonic() + within
  for (;;) {
    const lasts = last !== null && (await isAlive(last, id))
    if (!lasts && (await processesOf(paths, id)).length === 0) return true
    if (clock.monotonic() >= deadline) return false
    await clock.sleep(pollEvery, signal)
  }
}

async function signalAll(paths: ContainerPaths, id: string, signal: NodeJS.Signals, except: ProcessIdentity | null = null): Promise<void> {
  for (const { pid } of await processesOf(paths, id)) {
    if (pid !== except?.pid) sendSignal(pid, signal)
  }
}

async function processesOf(paths: ContainerPaths, id: string): Promise<ProcessIdentity[]> {
  const found = await findProcesses((nonce) => nonce === id)
  if (found.length > 0) return found
  // Where processes cannot be searched for, those that were written down are what is known.
  const run = await readRun(paths)
  const known = run === null ? [] : [run.child, run.supervisor].filter((identity) => identity !== null)
  const alive = await Promise.all(known.map(async (identity) => ((await isAlive(identity, id)) ? identifyProcess(identity.pid) : null)))
  return alive.filter((identity) => identity !== null)
}
