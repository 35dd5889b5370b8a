import { describe, expect, it } from 'vitest'
import type { ContainerRuntime } from '../../../src/rollout/ports.ts'
import { services } from './releases.ts'
import { bringUp, everyService, limit, testLimit, waitForLines } from './world.ts'
import type { ContainerRuntimeWorld } from './world.ts'

/** The engine tells that something changed, so that nobody has to look all the time. */
export function eventsContract(here: () => ContainerRuntimeWorld): void {
  describe('events', () => {
    it('tell that a container was started, stopped and removed', async () => {
      const { runtime, release } = here()
      const following = await follow(runtime)
      try {
        const [started] = await following.during(() => bringUp(runtime, release('good'), [services.bot]))
        if (started === undefined) throw new Error('no container was started')
        await waitForLines(runtime, started.id, ['ready'])
        await following.during(() => runtime.stop(started.id, 5_000, limit()))
        await following.during(() => runtime.start(started.id, limit()))
        await following.during(() => runtime.stop(started.id, 100, limit()))
        await following.during(() => runtime.remove(started.id, limit()))
      } finally {
        await following.end()
      }
    }, testLimit)

    it('tell that a container ended by itself', async () => {
      const { runtime, release } = here()
      const following = await follow(runtime)
      try {
        await bringUp(runtime, release('dying'), [services.bot])
        await following.until(async () => (await runtime.containers([services.bot], limit())).some(({ state }) => state === 'exited'))
      } finally {
        await following.end()
      }
    }, testLimit)

    it('end with the wait for them, and tell nothing more', async () => {
      const { runtime, release } = here()
      const following = await follow(runtime)
      await following.end()
      const told = following.told()
      await bringUp(runtime, release('good'), [services.bot])
      expect(following.told()).toBe(told)
      await runtime.follow(everyService, () => undefined, AbortSignal.abort(new Error('nobody waits'))).catch(() => undefined) // settles either way
    }, testLimit)
  })
}

interface Following {
  told(): number
  /** Does something, and waits until it was told. */
  during<T>(work: () => Promise<T>): Promise<T>
  /** Waits until something that was told makes this true. */
  until(condition: () => Promise<boolean>): Promise<void>
  end(): Promise<void>
}

/** Listens already when it resolves. */
async function follow(runtime: ContainerRuntime): Promise<Following> {
  const heard = { times: 0 }
  let wake = (): void => undefined
  const over = new AbortController()
  const ended = runtime.follow(everyService, () => {
    heard.times += 1
    wake()
  }, over.signal)
  const more = async (than: number): Promise<void> => {
    const late = limit(20_000)
    while (heard.times <= than) {
      if (late.aborted) throw new Error('waited 20 s in vain for an event')
      await Promise.race([
        new Promise<void>((resolve) => {
          wake = resolve
          late.addEventListener('abort', () => resolve(), { once: true })
        }),
        ended.then(() => Promise.reject(new Error('the events ended'))),
      ])
    }
  }
  await more(0)
  return {
    told: () => heard.times,
    async during(work) {
      const before = heard.times
      const result = await work()
      await more(before)
      return result
    },
    async until(condition) {
      for (let seen = heard.times; !(await condition()); seen = heard.times) await more(seen)
    },
    async end() {
      over.abort(new Error('heard enough'))
      await ended
    },
  }
}
