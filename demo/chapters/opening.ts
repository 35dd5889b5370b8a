import { setTimeout as wait } from 'node:timers/promises'
import type { Stack } from '../stack/stack.ts'
import { counted, type Screen } from '../printing/screen.ts'
import type { Load } from '../stack/load.ts'

/** Longest wait until the updater has looked at the stack, and until load flows, ms. */
const limit = 30_000

/** Waits until the updater has taken over what runs. */
export async function adopted(stack: Stack, screen: Screen, signal: AbortSignal): Promise<void> {
  const color = await until('the updater did not take over what runs', signal, async () => {
    const { active_color } = (await stack.updater.get('/status')).body
    return typeof active_color === 'string' ? active_color : null
  })
  screen.moment(`the updater is up on ${stack.daemon().url} and took over what runs, on ${color}`)
}

/** Waits until both groups answer the load. */
export async function flowing(load: Load, screen: Screen, signal: AbortSignal): Promise<void> {
  await until('no load flows', signal, () => Promise.resolve(load.served.length > 1 ? true : null))
  screen.moment(`load on skills and api, without pause and without second tries; ${counted(load.failed.length)} failed so far`)
}

async function until<T>(problem: string, signal: AbortSignal, look: () => Promise<T | null>): Promise<T> {
  for (const deadline = Date.now() + limit; Date.now() < deadline; await wait(50, undefined, { signal })) {
    const found = await look()
    if (found !== null) return found
  }
  throw new Error(`${problem} within ${limit / 1000} s`)
}
