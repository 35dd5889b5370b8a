import { UpdaterError, sentenceOf } from '../../rollout/errors.ts'
import type { Engine } from '../engine.ts'
import { statusOf, unless } from '../engine-errors.ts'
import { pause, within } from '../waiting.ts'
import type { Limit } from '../waiting.ts'
import { inspectContainer } from './list.ts'

const quickest = 20
const slowest = 500

/**
 * SIGTERM, after the grace SIGKILL; settles only when the exit was seen. Polls, since the engine's own `wait` may never
 * settle when the engine ends, and asks again when the engine forgot: a restarted one knows of no stop that was under way.
 * @throws exit_unseen when it was not seen within the grace and one engine call more
 */
export async function stopContainer(engine: Engine, id: string, graceMs: number, engineCall: number, signal: AbortSignal): Promise<void> {
  const limit = { name: 'limits.stop and limits.engineCall', milliseconds: graceMs + engineCall }
  let last: unknown = 'It still runs.'
  try {
    await within(limit, 'stopping it', signal, async (signal) => {
      const seen = new AbortController()
      const asking = askToStop(engine, id, graceMs, limit, AbortSignal.any([signal, seen.signal]))
      try {
        const began = performance.now()
        for (;;) {
          const ended = await isEnded(engine, id, signal).catch((error: unknown) => {
            last = error
            return false
          })
          if (ended) return
          // As quick as the engine's events while it is about to end: a singleton is away meanwhile.
          await pause(Math.min(Math.max((performance.now() - began) / 20, quickest), slowest), signal)
        }
      } finally {
        seen.abort()
        await asking
      }
    })
  } catch (error) {
    if (signal.aborted || !(error instanceof UpdaterError) || error.code !== 'limit_exceeded') throw error
    throw new UpdaterError('exit_unseen', `The end of the container ${id.slice(0, 12)} was not seen: ${error.message} ${sentenceOf(last)} It counts as running; look at the engine.`, { cause: last })
  }
}

/** Removes a stopped container with its anonymous volumes; they would stay behind for good. One that is gone is success. */
export async function removeContainer(engine: Engine, id: string, signal: AbortSignal): Promise<void> {
  try {
    await engine.call(`remove the container ${id.slice(0, 12)}`, signal, (docker, abortSignal) => docker.getContainer(id).remove({ v: true, abortSignal }))
  } catch (error) {
    if (statusOf(error) === 404) return
    // 409 is also the answer while another removal of it is under way.
    if (statusOf(error) !== 409 || !(await vanishes(engine, id, signal))) throw error
  }
}

/** Starts a stopped container as it is. @throws engine_failed when it is gone */
export async function startContainer(engine: Engine, id: string, signal: AbortSignal): Promise<void> {
  await unless([304], engine.call(`start the container ${id.slice(0, 12)}`, signal, (docker, abortSignal) => docker.getContainer(id).start({ abortSignal })))
}

/** Never rejects: only what is seen counts. */
async function askToStop(engine: Engine, id: string, graceMs: number, limit: Limit, signal: AbortSignal): Promise<void> {
  const t = Math.max(1, Math.ceil(graceMs / 1000))
  while (!signal.aborted) {
    try {
      await engine.callWithin(limit, `stop the container ${id.slice(0, 12)}`, signal, (docker, abortSignal) => docker.getContainer(id).stop({ t, abortSignal }))
      return
    } catch (error) {
      const status = statusOf(error)
      if (status === 304 || status === 404) return
      await pause(slowest, signal).catch(() => undefined) // the signal ends the loop as well
    }
  }
}

async function isEnded(engine: Engine, id: string, signal: AbortSignal): Promise<boolean> {
  const info = await inspectContainer(engine, id, signal)
  if (info === null) return true
  return !info.State.Running && !info.State.Restarting && !info.State.Paused && info.State.Status !== 'removing'
}

async function vanishes(engine: Engine, id: string, signal: AbortSignal): Promise<boolean> {
  for (let wait = quickest; wait < slowest; wait *= 1.5) {
    const info = await inspectContainer(engine, id, signal)
    if (info === null) return true
    if (info.State.Status !== 'removing' && !info.State.Dead) return false
    await pause(wait, signal)
  }
  return false
}
