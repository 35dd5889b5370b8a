const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** Milliseconds of a duration as Traefik writes it: `250ms`, `1m30s`, or a number of seconds. Undefined when there is none. */
export function readDuration(value: unknown, where: string): number | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'number') return value * 1_000
  const parts = typeof value === 'string' ? [...value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)] : []
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== value) throw new Error(`${where} is no duration`)
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (units[unit ?? ''] ?? 0), 0)
}
