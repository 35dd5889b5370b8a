import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createSystemClock } from '../../../src/storage/system-clock.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('a sleep longer than a timer can be ends when its time is over', async () => {
  let done = false
  const month = 31 * 24 * 3_600_000
  const slept = createSystemClock().sleep(month, new AbortController().signal).finally(() => {
    done = true
  })
  await vi.advanceTimersByTimeAsync(month - 1)
  expect(done).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  await slept
  expect(done).toBe(true)
})
