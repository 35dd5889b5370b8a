import { expect, test } from 'vitest'
import { seededRandom } from '../../simulation/world/seeded-random.ts'
import { randomContract } from './suite.ts'

let seed = 0
randomContract('the simulated world', () => seededRandom(seed += 1))

test('the same seed gives the same tokens, another one others', () => {
  const tokens = (from: number): string[] => {
    const random = seededRandom(from)
    return Array.from({ length: 100 }, () => random.token())
  }
  expect(tokens(7)).toEqual(tokens(7))
  expect(tokens(7)).not.toEqual(tokens(8))
})
