import type { Random } from '../../../src/rollout/ports.ts'

/** The same seed gives the same tokens (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  return { token: () => [next(), next(), next(), next()].map((word) => word.toString(16).padStart(8, '0')).join('') }
}
