const first = 30_000
const longest = 6 * 60 * 60_000

/** How long polling leaves a remote alone that failed so many times in a row, ms: 1 min, 2, 4 … 6 h (fault 38). */
export function backoff(failuresInARow: number): number {
  return failuresInARow === 0 ? 0 : Math.min(first * 2 ** failuresInARow, longest)
}
