import { expect, test } from 'vitest'
import { Watch } from '../../../src/updater/watch.ts'
import { drivenClock } from '../rollout/driven-clock.ts'

/** A watch over this many ms, and when it looked. */
async function watched(milliseconds: number, parts: { readonly follow: (onChange: () => void, signal: AbortSignal, attempt: number) => Promise<void>; readonly isOurs?: () => boolean; readonly againIn?: (look: number) => number | null }) {
  const clock = drivenClock()
  const over = new AbortController()
  const looks: number[] = []
  const asked: number[] = []
  const warned: string[] = []
  const log = (message: string): void => void warned.push(message)
  const watch = new Watch({
    clock,
    log: { info: log, warn: log, error: log },
    interval: 10_000,
    signal: over.signal,
    look: async () => {
      looks.push(clock.monotonic())
      return parts.againIn?.(looks.length) ?? null
    },
    isOurs: parts.isOurs ?? (() => false),
    follow: (onChange, signal) => {
      asked.push(clock.monotonic())
      return parts.follow(onChange, signal, asked.length)
    },
  })
  const ended = watch.run(null)
  await clock.drive(clock.sleep(milliseconds, new AbortController().signal))
  over.abort(new Error('the test is over'))
  await clock.drive(ended)
  return { looks, asked, warned }
}

const untilOver = (signal: AbortSignal): Promise<void> => new Promise((resolve) => {
  signal.addEventListener('abort', () => resolve(), { once: true })
})

test('looks every ten seconds while nothing happens', async () => {
  const { looks } = await watched(35_000, {
    follow: (onChange, signal) => {
      onChange()
      return untilOver(signal)
    },
  })
  expect(looks).toEqual([250, 10_250, 20_250, 30_250])
})

test('looks twice as often while changes cannot be had, asks for them ever more slowly, and says so once', async () => {
  const { looks, asked, warned } = await watched(21_000, { follow: () => Promise.reject(new Error('no events here')) })
  expect(looks).toEqual([5_000, 10_000, 15_000, 20_000])
  expect(asked).toEqual([0, 1_000, 3_000, 7_000, 15_000])
  expect(warned).toEqual([expect.stringContaining('no events here')])
})

test('looks when changes can be had again: something may have been missed', async () => {
  const { looks } = await watched(4_000, {
    follow: (onChange, signal, attempt) => {
      if (attempt < 3) return Promise.resolve()
      onChange()
      return untilOver(signal)
    },
  })
  expect(looks).toEqual([3_250])
})

test('looks when changes can be had again also while an operation is open: without the engine it could not go on', async () => {
  const { looks } = await watched(9_000, {
    follow: (onChange, signal, attempt) => {
      if (attempt < 3) return Promise.resolve()
      onChange()
      onChange()
      return untilOver(signal)
    },
    isOurs: () => true,
  })
  expect(looks).toEqual([3_250])
})

test('what an operation of ours changes leads to no look', async () => {
  const { looks } = await watched(9_000, {
    follow: (onChange, signal) => {
      onChange()
      return untilOver(signal)
    },
    isOurs: () => true,
  })
  expect(looks).toEqual([])
})

test('looks when the look before it asks for it, but never later than it would anyway', async () => {
  const asked = [1_000, 2_000, 4_000, 8_000, 16_000, null]
  const { looks } = await watched(40_000, {
    follow: (onChange, signal) => {
      onChange()
      return untilOver(signal)
    },
    againIn: (look) => asked[look - 1] ?? null,
  })
  expect(looks).toEqual([250, 1_250, 3_250, 7_250, 15_250, 25_250, 35_250])
})
