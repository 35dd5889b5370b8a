import { expect, test } from 'vitest'
import { timesOf } from '../../reporting/times.ts'

test('each level tells its minutes and its longest file', () => {
  const files = [
    { level: 'fast', file: 'a.test.ts', milliseconds: 6_000 },
    { level: 'engine', file: 'b.test.ts', milliseconds: 60_000 },
    { level: 'engine', file: 'c.test.ts', milliseconds: 120_000 },
  ]
  expect(timesOf(files)).toEqual(['fast: 0.1 min, 0.1 min of it a.test.ts', 'engine: 3.0 min, 2.0 min of it c.test.ts'])
})
