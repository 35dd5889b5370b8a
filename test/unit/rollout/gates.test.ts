import { expect, test } from 'vitest'
import { UpdaterError } from '../../../src/rollout/errors.ts'
import { passGate, type GateQuestion, type GateReach } from '../../../src/rollout/gates.ts'
import { defaultGates, defaultLimits } from '../../../src/rollout/limits.ts'
import type { ProbeAnswer } from '../../../src/rollout/model.ts'
import type { Clock } from '../../../src/rollout/ports.ts'
import { drivenClock } from './driven-clock.ts'

const well: ProbeAnswer = { healthy: true, status: 200, stamp: null, detail: '200 OK' }
const ill: ProbeAnswer = { healthy: false, status: 503, stamp: null, detail: '503 Service Unavailable' }

function reach(clock: Clock, signal = new AbortController().signal): GateReach {
  return { ports: { clock }, settings: { limits: defaultLimits, gates: defaultGates }, signal }
}

/** Asks these answers one after the other, the last one for ever, and notes when. */
function question(clock: Clock, answers: readonly (ProbeAnswer | 'hangs')[], more: Partial<GateQuestion> = {}): GateQuestion & { asked: number[] } {
  const asked: number[] = []
  return {
    asked,
    what: 'skills on green',
    limit: { name: 'directHealth', milliseconds: 90_000 },
    code: 'unhealthy',
    ask: () => {
      asked.push(clock.monotonic())
      const answer = answers[Math.min(asked.length, answers.length) - 1]
      return answer === undefined || answer === 'hangs' ? new Promise(() => undefined) : Promise.resolve(answer)
    },
    ...more,
  }
}

test('asks at once, and is content with three good answers in a row', async () => {
  const clock = drivenClock()
  const asking = question(clock, [well])
  await clock.drive(passGate(reach(clock), asking))
  expect(asking.asked).toEqual([0, 50, 100])
})

test('fault 30: asks less and less often while the answers are bad, and begins to count anew after each of them', async () => {
  const clock = drivenClock()
  const asking = question(clock, [ill, ill, ill, ill, ill, well, well, ill, well, well, well])
  await clock.drive(passGate(reach(clock), asking))
  expect(asking.asked).toEqual([0, 250, 750, 1_750, 3_750, 5_750, 5_800, 5_850, 6_100, 6_150, 6_200])
})

test('refuses when its limit runs out, naming the limit and the last answer', async () => {
  const clock = drivenClock()
  await expect(clock.drive(passGate(reach(clock), question(clock, [ill])))).rejects.toMatchObject({
    code: 'unhealthy', message: 'skills on green was not accepted within 90 s (limits.directHealth); last answer: 503 Service Unavailable.',
  })
  expect(clock.monotonic()).toBe(90_000)
})

test('an answer that never comes counts as a bad one', async () => {
  const clock = drivenClock()
  const asking = question(clock, ['hangs', well])
  await clock.drive(passGate(reach(clock), asking))
  expect(asking.asked[1]).toBe(5_250)
  const silent = passGate(reach(clock), question(clock, ['hangs']))
  await expect(clock.drive(silent)).rejects.toMatchObject({ message: expect.stringContaining('no answer within 5 s (limits.probe)') })
})

test('may want more than health', async () => {
  const clock = drivenClock()
  const stamped = { ...well, stamp: 'new' }
  const asking = question(clock, [well, { ...well, stamp: 'old' }, stamped], { accepts: ({ stamp }) => stamp === 'new' })
  await clock.drive(passGate(reach(clock), asking))
  expect(asking.asked).toHaveLength(5)
})

test('what the question throws ends it at once', async () => {
  const clock = drivenClock()
  const gone = new UpdaterError('unhealthy', 'The container of skills exited.')
  await expect(clock.drive(passGate(reach(clock), question(clock, [], { ask: () => Promise.reject(gone) })))).rejects.toBe(gone)
})

test('an abort ends it at once, with the abort\'s own reason', async () => {
  const clock = drivenClock()
  const cancel = new AbortController()
  const cancelled = new UpdaterError('cancelled', 'Cancelled by ann.')
  void clock.sleep(3_000, new AbortController().signal).then(() => cancel.abort(cancelled))
  await expect(clock.drive(passGate(reach(clock, cancel.signal), question(clock, [ill])))).rejects.toBe(cancelled)
  expect(clock.monotonic()).toBe(3_000)
})
