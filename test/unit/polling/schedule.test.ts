import { describe, expect, it } from 'vitest'
import { backoff } from '../../../src/polling/backoff.ts'
import { assertCronExpression, nextLook } from '../../../src/polling/schedule.ts'

const noon = new Date(2026, 10, 21, 12, 0, 0).getTime()
const minute = 60_000

describe('the next look', () => {
  it('comes an interval after the last one', () => {
    expect(nextLook({ kind: 'every', milliseconds: 15 * minute }, noon, noon)).toBe(noon + 15 * minute)
  })

  it('comes later when the remote is to be left alone for longer', () => {
    expect(nextLook({ kind: 'every', milliseconds: 15 * minute }, noon, noon + 60 * minute)).toBe(noon + 60 * minute)
  })

  it('comes when the cron expression says so', () => {
    expect(nextLook({ kind: 'cron', expression: '*/5 * * * *' }, noon, noon)).toBe(noon + 5 * minute)
    expect(nextLook({ kind: 'cron', expression: '30 12 * * *' }, noon, noon)).toBe(noon + 30 * minute)
  })

  it('never comes outside a maintenance window, however long the remote is to be left alone', () => {
    const next = nextLook({ kind: 'cron', expression: '0 3 * * *' }, noon, noon + 20 * 60 * minute)
    expect(new Date(next)).toStrictEqual(new Date(2026, 10, 23, 3, 0, 0))
  })

  it('is the very moment that a backoff ends if the cron expression names it', () => {
    expect(nextLook({ kind: 'cron', expression: '*/5 * * * *' }, noon, noon + 10 * minute)).toBe(noon + 10 * minute)
  })
})

describe('a cron expression', () => {
  it.each(['*/15 * * * *', '0 3 * * MON-FRI', '*/30 * * * * *'])('%s is taken', (expression) => {
    expect(() => assertCronExpression(expression)).not.toThrow()
  })

  it.each(['', 'often', '61 * * * *', '* * *', '0 0 30 2 *'])('"%s" is refused', (expression) => {
    expect(() => assertCronExpression(expression)).toThrow()
  })
})

describe('the backoff', () => {
  it('doubles from a minute to six hours and is over with the first answer', () => {
    expect([0, 1, 2, 3, 4].map(backoff)).toStrictEqual([0, minute, 2 * minute, 4 * minute, 8 * minute])
    expect([12, 100, 5_000].map(backoff)).toStrictEqual([360 * minute, 360 * minute, 360 * minute])
  })
})
