import { expect, test } from 'vitest'
import { playPairs, type Paired } from './pairs.ts'
import { recoveries } from './scenarios-recovery.ts'

test('the shares of all pairs are together all of them', async () => {
  const [small] = recoveries.filter(({ name }) => name.endsWith(': the first start'))
  if (small === undefined) throw new Error('there is no such scenario')
  const kinds = ['fails', 'crash after'] as const
  const whole = await playPairs(small, { kinds })
  const shares: Paired[] = []
  for (const part of [0, 1, 2]) shares.push(await playPairs(small, { kinds, share: { part, ofFirst: 1, ofPairs: 3 } }))
  const sum = (of: 'pairs' | 'played'): number => shares.reduce((together, share) => together + share[of], 0)
  expect({ pairs: sum('pairs'), played: sum('played') }).toEqual({ pairs: whole.pairs, played: whole.played })
  expect(whole.pairs).toBeGreaterThan(20)
})
