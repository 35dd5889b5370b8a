import type { Random } from '../../../src/rollout/ports.ts'

/** The same seed gives the same tokens. */
export function seededRandom(seed: number): Random {
  const next = words(seed)
  return { token: () => [next(), next(), next(), next()].map((word) => word.toString(16).padStart(8, '0')).join('') }
}

/** The same seed gives the same numbers, from 0 to below 1. */
export function seededNumbers(seed: number): () => number {
  const next = words(seed)
  return () => next() / 2 ** 32
}

/** mulberry32 */
function words(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}
