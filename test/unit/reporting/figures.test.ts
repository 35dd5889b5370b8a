import { expect, test } from 'vitest'
import { linesOf } from '../../reporting/figures.ts'

test('figures of the same name are told together, as a sum or as the most', () => {
  expect(linesOf([
    { name: 'kills survived', value: 1_200, together: 'sum' },
    { name: 'longest recovery, ms', value: 310.44, together: 'most' },
    { name: 'kills survived', value: 40, together: 'sum' },
    { name: 'longest recovery, ms', value: 120, together: 'most' },
  ])).toEqual(['kills survived: 1,240', 'longest recovery, ms: 310.4'])
})
