import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createSystemClock } from '../../../src/storage/system-clock.ts'
import { createSystemRandom } from '../../../src/storage/system-random.ts'

const never = new AbortController().signal

describe('the clock', () => {
  test('sleeps at least as long as asked, by its own monotonic time', async () => {
    const clock = createSystemClock()
    const before = clock.monotonic()
    await clock.sleep(20, never)
    expect(clock.monotonic() - before).toBeGreaterThanOrEqual(19)
  })

  test('a sleep ends with the reason of its abort, before it began or in its middle', async () => {
    const clock = createSystemClock()
    const reason = new Error('cancelled')
    await expect(clock.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason)
    const controller = new AbortController()
    const slept = clock.sleep(60_000, controller.signal)
    controller.abort(reason)
    await expect(slept).rejects.toBe(reason)
  })

  describe('with faked timers', () => {
    beforeEach(() => {
      vi.useFakeTimers()
    })
    afterEach(() => {
      vi.useRealTimers()
    })

    test('a sleep longer than a timer can be does not end at once', async () => {
      let done = false
      const month = 31 * 24 * 3_600_000
      const slept = createSystemClock().sleep(month, never).finally(() => {
        done = true
      })
      await vi.advanceTimersByTimeAsync(month - 1)
      expect(done).toBe(false)
      await vi.advanceTimersByTimeAsync(1)
      await slept
      expect(done).toBe(true)
    })
  })
})

test('tokens are 32 lower-case hex digits and do not repeat', () => {
  const random = createSystemRandom()
  const tokens = Array.from({ length: 1_000 }, () => random.token())
  for (const token of tokens) expect(token).toMatch(/^[0-9a-f]{32}$/)
  expect(new Set(tokens).size).toBe(1_000)
})
