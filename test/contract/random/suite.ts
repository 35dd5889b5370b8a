import { describe, expect, test } from 'vitest'
import type { Random } from '../../../src/rollout/ports.ts'

const length = 32
const digits = new Set(Array.from({ length: 16 }, (_, digit) => digit.toString(16)))

/** What every source of chance keeps to. @param open another one at each call, as another daemon has it */
export function randomContract(name: string, open: () => Random): void {
  describe(`Random: ${name}`, () => {
    test('tokens are 32 lower-case hex digits, and each digit comes at each place', () => {
      const random = open()
      const tokens = Array.from({ length: 1_000 }, () => random.token())
      for (const token of tokens) expect(token).toMatch(/^[0-9a-f]{32}$/)
      for (let place = 0; place < length; place += 1) expect(new Set(tokens.map((token) => token[place])), `place ${place}`).toEqual(digits)
    })

    test('no token comes twice, not even from another one', () => {
      const [first, second] = [open(), open()]
      const tokens = Array.from({ length: 10_000 }, () => [first.token(), second.token()]).flat()
      expect(new Set(tokens).size).toBe(20_000)
    })
  })
}
