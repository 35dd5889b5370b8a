import { sample } from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { useLightAbort } from '../../world/light-abort.ts'
import { schedules } from './arbitraries.ts'
import { play } from './play.ts'

const pairs = 200

let restore: () => void = () => undefined
beforeAll(() => {
  restore = useLightAbort()
})
afterAll(() => restore())

test(`each of ${pairs} schedules played twice gives the same log: effects, log lines, answers and the record at the end`, async () => {
  for (const schedule of sample(schedules, { seed: 2026, numRuns: pairs })) {
    const first = (await play(schedule)).log()
    const second = (await play(schedule)).log()
    expect(second).toEqual(first)
    expect(first.length).toBeGreaterThan(5)
  }
})

test('the platform\'s own signals give the same log as the light ones', async () => {
  for (const schedule of sample(schedules, { seed: 2027, numRuns: 10 })) {
    const light = (await play(schedule)).log()
    restore()
    const heavy = (await play(schedule)).log()
    restore = useLightAbort()
    expect(heavy).toEqual(light)
  }
})
