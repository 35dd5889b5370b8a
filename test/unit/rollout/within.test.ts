import { describe, expect, test } from 'vitest'
import { UpdaterError } from '../../../src/rollout/errors.ts'
import { seconds, untilAborted, withBudget, within } from '../../../src/rollout/within.ts'
import { drivenClock } from './driven-clock.ts'

const limit = { name: 'directHealth', milliseconds: 90_000 }
const never = new AbortController().signal

describe('a limit', () => {
  test('lets through what ends in time, value and error alike', async () => {
    const clock = drivenClock()
    await expect(clock.drive(within(clock, limit, 'It', never, async (signal) => {
      await clock.sleep(89_999, signal)
      return 'done'
    }))).resolves.toBe('done')
    await expect(clock.drive(within(clock, limit, 'It', never, () => Promise.reject(new Error('own error'))))).rejects.toThrow('own error')
  })

  test('ends what takes longer, naming itself, even if the work does not listen', async () => {
    const clock = drivenClock()
    const deaf = within(clock, limit, 'Asking the bot', never, () => new Promise(() => undefined))
    await expect(clock.drive(deaf)).rejects.toMatchObject({ code: 'limit_exceeded', message: 'Asking the bot did not end within 90 s (limits.directHealth).' })
    expect(clock.monotonic()).toBe(90_000)
  })

  test('leaves no timer behind', async () => {
    const clock = drivenClock()
    await clock.drive(within(clock, limit, 'It', never, async () => 'done'))
    await expect(clock.drive(new Promise(() => undefined))).rejects.toThrow('nothing will come')
    expect(clock.monotonic()).toBe(0)
  })

  test('ends with the outer signal\'s reason, before it begins or in its middle', async () => {
    const clock = drivenClock()
    const outer = new AbortController()
    const work = within(clock, limit, 'It', outer.signal, (signal) => clock.sleep(80_000, signal))
    const cancelled = new UpdaterError('cancelled', 'Cancelled by ann.')
    void clock.sleep(1_000, never).then(() => outer.abort(cancelled))
    await expect(clock.drive(work)).rejects.toBe(cancelled)
    expect(clock.monotonic()).toBe(1_000)
    let begun = false
    await expect(within(clock, limit, 'It', outer.signal, async () => {
      begun = true
    })).rejects.toBe(cancelled)
    expect(begun).toBe(false)
  })

  test('inside a budget the one that ran out is told', async () => {
    const clock = drivenClock()
    const budget = { name: 'beforeSwitch', milliseconds: 1_000 }
    const work = withBudget(clock, budget, 'All of it', never, (signal) => within(clock, limit, 'A part', signal, () => new Promise(() => undefined)))
    await expect(clock.drive(work)).rejects.toMatchObject({ message: expect.stringContaining('limits.beforeSwitch') })
  })
})

test('a budget waits for what the work has in hand', async () => {
  const clock = drivenClock()
  let finished = false
  const work = withBudget(clock, { name: 'beforeSwitch', milliseconds: 1_000 }, 'All of it', never, async (signal) => {
    await clock.sleep(3_000, never)
    finished = true
    signal.throwIfAborted()
  })
  await expect(clock.drive(work)).rejects.toMatchObject({ code: 'limit_exceeded' })
  expect(finished).toBe(true)
})

test('what is aborted already is not waited for, and its late failure is nobody\'s surprise', async () => {
  const gone = AbortSignal.abort(new Error('gone'))
  await expect(untilAborted(gone, Promise.reject(new Error('late')))).rejects.toThrow('gone')
})

test('seconds are told as people say them', () => {
  expect([seconds(90_000), seconds(250)]).toEqual(['90 s', '0.25 s'])
})
