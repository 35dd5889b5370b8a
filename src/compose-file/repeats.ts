import { isScalar, visit } from 'yaml'
import type { Document } from 'yaml'

/**
 * Where a key of a mapping stands a second time, in characters from the beginning of the file, in their order. The parser's
 * own check compares each key with each one before it, which takes a third of a minute for a mapping of 200 kB.
 */
export function repeatedKeys(document: Document): number[] {
  const offsets: number[] = []
  visit(document, {
    Map(_key, map) {
      const seen = new Set<unknown>()
      for (const { key } of map.items) {
        if (!isScalar(key)) continue
        if (seen.has(key.value)) offsets.push(key.range?.[0] ?? 0)
        seen.add(key.value)
      }
    },
  })
  return offsets.toSorted((left, right) => left - right)
}
