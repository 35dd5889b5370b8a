import { getEventListeners } from 'node:events'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Clock } from '../../../src/rollout/ports.ts'

/** A clock, and what the suite needs to see it go. */
export interface ClockWorld {
  readonly clock: Clock
  /** Lets time pass until this settles. */
  readonly until: <T>(promise: Promise<T>) => Promise<T>
  /** Somebody sets the wall clock on, or back; no time passes. */
  readonly set: (by: number) => void
}

const never = new AbortController().signal
const day = 24 * 60 * 60_000

/** What every clock keeps to, however its time passes. */
export function clockContract(name: string, open: () => ClockWorld): void {
  describe(`Clock: ${name}`, () => {
    let world: ClockWorld
    beforeEach(() => {
      world = open()
    })

    test('no sleep ends before its time', async () => {
      const { clock, until } = world
      const early = await until(Promise.all(Array.from({ length: 300 }, async (_, index) => {
        const [begun, asked] = [clock.monotonic(), 1 + (index % 15)]
        await clock.sleep(asked, new AbortController().signal)
        return asked - (clock.monotonic() - begun)
      })))
      expect(Math.max(...early)).toBeLessThanOrEqual(0)
    })

    test('a sleep of no time ends', async () => {
      await world.until(world.clock.sleep(0, never))
    })

    test('of two sleeps the shorter ends first, also when it began later', async () => {
      const ended: string[] = []
      const sleep = async (called: string, milliseconds: number): Promise<void> => {
        await world.clock.sleep(milliseconds, never)
        ended.push(called)
      }
      await world.until(Promise.all([sleep('longer', 12), sleep('shorter', 3)]))
      expect(ended).toEqual(['shorter', 'longer'])
    })

    // From 2^31 on a timer of Node fires at once.
    test.each([2 ** 31 - 1, 2 ** 31, 2 ** 32 + 1, Infinity])('a sleep of %d ms has not ended after a short one, and hears of its abort', async (milliseconds) => {
      const cancel = new AbortController()
      const long = world.clock.sleep(milliseconds, cancel.signal).then(() => 'the long one', (error: unknown) => error)
      expect(await world.until(Promise.race([long, world.clock.sleep(6, never).then(() => 'the short one')]))).toBe('the short one')
      const reason = new Error('cancelled')
      cancel.abort(reason)
      expect(await world.until(long)).toBe(reason)
    })

    test.each([0, 3, day])('a sleep of %d ms ends with the reason of an abort that came before it', async (milliseconds) => {
      const reason = new Error('cancelled')
      await expect(world.until(world.clock.sleep(milliseconds, AbortSignal.abort(reason)))).rejects.toBe(reason)
    })

    test('an abort ends only what it is for', async () => {
      const cancel = new AbortController()
      const begun = world.clock.monotonic()
      const cancelled = world.clock.sleep(3, cancel.signal)
      const other = world.clock.sleep(3, never)
      const reason = new Error('cancelled')
      cancel.abort(reason)
      await expect(cancelled).rejects.toBe(reason)
      await world.until(other)
      expect(world.clock.monotonic() - begun).toBeGreaterThanOrEqual(3)
    })

    test('a sleep that ended listens to its signal no more', async () => {
      const { signal } = new AbortController()
      await world.until(world.clock.sleep(1, signal))
      expect(getEventListeners(signal, 'abort')).toEqual([])
    })

    test('a wall clock that is set moves neither the monotonic time nor the end of a sleep (fault 20)', async () => {
      const { clock, until, set } = world
      for (const by of [day, -2 * day]) {
        const [wall, begun] = [clock.now(), clock.monotonic()]
        const slept = clock.sleep(6, never)
        set(by)
        expect(clock.now() - wall - by).toBeLessThan(day / 2)
        expect(clock.now() - wall - by).toBeGreaterThanOrEqual(0)
        const atOnce = clock.monotonic() - begun
        await until(slept)
        const afterwards = clock.monotonic() - begun
        expect(atOnce).toBeGreaterThanOrEqual(0)
        expect(afterwards).toBeGreaterThanOrEqual(Math.max(6, atOnce))
        expect(afterwards).toBeLessThan(day / 2)
      }
    })
  })
}
