import { expect, test } from 'vitest'
import { Refusals } from '../../../src/updater/refusals.ts'

test('a refused operation can be asked for by its id, and only the last hundred are remembered', () => {
  const refusals = new Refusals()
  for (let number = 0; number <= 100; number += 1) refusals.add(`${number}`, new Error(`no ${number}`))
  expect(refusals.of('0')).toBeUndefined()
  expect(refusals.of('1')?.message).toBe('no 1')
  expect(refusals.of('100')?.message).toBe('no 100')
})
