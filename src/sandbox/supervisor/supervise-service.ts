import { setTimeout as delay } from 'node:timers/promises'
import { type ContainerPaths, type Launch, type Run, readStopRequest } from '../containers/container-files.ts'
import { type ProcessIdentity, findProcesses, sendSignal } from '../process-identity.ts'
import { replaceJson } from '../whole-file.ts'
import { boundLog } from './bounded-log.ts'
import { runServiceOnce } from './run-service-once.ts'

const firstBackoff = 100
const longestBackoff = 60_000
/** A service that ran for so long starts its backoff anew, ms. */
const settled = 10_000
/** Grace of a SIGTERM that came without a stop request (the machine goes down), ms. */
const defaultGrace = 10_000

/** Runs the service until it ended for good, and leaves the last word in `run.json`. */
export async function superviseService(paths: ContainerPaths, launch: Launch, self: ProcessIdentity): Promise<void> {
  const stopping = onTermination()
  const log = boundLog(paths.log)
  let run: Run = { supervisor: self, child: null, state: 'starting', restarts: 0, startedAt: null, exitCode: null }
  const tell = async (change: Partial<Run>): Promise<void> => {
    run = { ...run, ...change }
    await replaceJson(paths.run, run).catch((error: unknown) => {
      // A full disk must not end the service: the container is found by its nonce until the next word gets through.
      console.error('the state cannot be written', error)
    })
  }
  await tell({})

  let backoff = firstBackoff
  while (!stopping.aborted && (await readStopRequest(paths)) === null) {
    const began = performance.now()
    const exitCode = await runServiceOnce(paths, launch, {
      onStart: (child) => tell({ child, state: 'running', startedAt: new Date().toISOString() }),
      graceMs: async () => (await readStopRequest(paths))?.graceMs ?? defaultGrace,
      stopping,
    })
    await killLeftovers(launch.nonce)
    const again = !stopping.aborted && (launch.restart === 'always' || (launch.restart === 'on-failure' && exitCode !== 0))
    if (!again) {
      await tell({ state: 'exited', exitCode })
      break
    }
    await tell({ state: 'restarting', exitCode, restarts: run.restarts + 1 })
    if (performance.now() - began > settled) backoff = firstBackoff
    await pause(backoff, stopping)
    backoff = Math.min(backoff * 2, longestBackoff)
  }
  if (run.state !== 'exited') await tell({ state: 'exited' })
  log.close()
}

function onTermination(): AbortSignal {
  const stopping = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stopping.abort())
  process.on('SIGHUP', () => console.error('SIGHUP is ignored'))
  return stopping.signal
}

/** As with a container: when its first process has ended, nothing that it started stays. */
async function killLeftovers(nonce: string): Promise<void> {
  for (const { pid } of await findProcesses((found) => found === nonce)) {
    if (pid !== process.pid) sendSignal(pid, 'SIGKILL')
  }
}

async function pause(milliseconds: number, stopping: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal: stopping }).catch((error: unknown) => {
    if (!stopping.aborted) throw error
  })
}
