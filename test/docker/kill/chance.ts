/** Chance that can be repeated: the seed is printed wherever something fails (mulberry32). */
export interface Chance {
  readonly seed: number
  /** From 0 up to, but not including, `limit`. */
  below(limit: number): number
}

/** @param seed a number from an earlier failure (`ZETHERION_SEED`), else a new one */
export function chance(seed = seedFrom(process.env['ZETHERION_SEED'])): Chance {
  let state = seed
  return {
    seed,
    below(limit) {
      state = (state + 0x6d2b79f5) | 0
      let mixed = Math.imul(state ^ (state >>> 15), state | 1)
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
      return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
    },
  }
}

function seedFrom(told: string | undefined): number {
  return told === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(told)
}
