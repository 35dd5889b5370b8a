const milliseconds = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const bytes = { B: 1, kB: 1_000, KB: 1_000, MB: 1_000_000, GB: 1_000_000_000, TB: 1_000_000_000_000 } as const

/** The longest timer that Node knows. */
const longest = 2 ** 31 - 1

/** `90s`, `14m`, `250ms`, or a number of milliseconds; null for anything else, and for what no timer can wait. */
export function readDuration(value: unknown): number | null {
  const read = readQuantity(value, milliseconds)
  return read === null || read > longest ? null : read
}

/** `500MB`, `10GB` (powers of ten), or a number of bytes; null for anything else. */
export function readSize(value: unknown): number | null {
  return readQuantity(value, bytes)
}

function readQuantity(value: unknown, units: Readonly<Record<string, number>>): number | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : null
  if (typeof value !== 'string') return null
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)\s?([A-Za-z]+)$/.exec(value.trim()) ?? []
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined
  if (factor === undefined) return null
  const read = Math.round(Number(digits) * factor)
  return Number.isSafeInteger(read) ? read : null
}
