import { sample } from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tellFigure } from '../../../reporting/figures.ts'
import { useLightAbort } from '../../world/light-abort.ts'
import { schedules } from './arbitraries.ts'
import { usualSeeds } from './ordered.ts'
import { play } from './play.ts'

/** Schedules of each seed of the usual campaign, and every how many-th of them, since fast-check begins with small ones. Together they take about 40 s of one core. */
const ofEachSeed = 40
const apart = 8

let restore: () => void = () => undefined
beforeAll(() => {
  restore = useLightAbort()
})
afterAll(() => restore())

test('a random schedule played twice gives the same log: effects, log lines, answers and the record at the end', async (context) => {
  let same = 0
  for (const seed of usualSeeds()) {
    for (const schedule of sample(schedules, { seed, numRuns: ofEachSeed * apart }).filter((_, at) => at % apart === 0)) {
      const first = (await play(schedule)).log()
      const second = (await play(schedule)).log()
      expect(second).toEqual(first)
      expect(first.length).toBeGreaterThan(5)
      same += 1
    }
  }
  expect(same).toBe(usualSeeds().length * ofEachSeed)
  tellFigure(context, { name: 'random schedules played twice with the same log', value: same, together: 'sum' })
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
