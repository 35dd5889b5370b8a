/** A mapping of unknown origin: parsed JSON or YAML. */
export type Mapping = Readonly<Record<string, unknown>>

/** Whether a parsed value is a mapping. */
export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** @throws Error naming the place, when the value is no mapping */
export function readMapping(value: unknown, where: string): Mapping {
  if (!isMapping(value)) throw new Error(`${where} must be a mapping`)
  return value
}

/** @throws Error naming the place, when the value is no text */
export function readText(value: unknown, where: string): string {
  if (typeof value !== 'string') throw new Error(`${where} must be text`)
  return value
}

/** @throws Error naming the place, when the value is no whole number that is at least 0 */
export function readNumber(value: unknown, where: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) throw new Error(`${where} must be a whole number`)
  return value
}

/** @throws Error naming the place */
export function readList(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`${where} must be a list`)
  return value
}

/** @throws Error naming the place */
export function readTexts(value: unknown, where: string): string[] {
  return readList(value, where).map((entry, index) => readText(entry, `${where}[${index}]`))
}

/** Numbers and booleans become text, as Compose has it for environment values. @throws Error naming the place */
export function readTextMap(value: unknown, where: string): Record<string, string> {
  return Object.fromEntries(Object.entries(readMapping(value, where)).map(([key, entry]) => [key, readScalar(entry, `${where}.${key}`)]))
}

/** @throws Error naming the key that is not in the list */
export function refuseUnknownKeys(map: Mapping, known: readonly string[], where: string): void {
  for (const key of Object.keys(map)) {
    if (!known.includes(key)) throw new Error(`${where} has the unknown key "${key}"`)
  }
}

function readScalar(value: unknown, where: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new Error(`${where} must be text or a number`)
}
