import { isMap, visit } from 'yaml'
import type { Document, YAMLMap } from 'yaml'
import { mergedInto } from './spots.ts'
import type { Aliases } from './spots.ts'

/** Entries that `<<` may bring into the mappings of a document, all in all: a small file can make any number of them. */
const mostMerged = 100_000

/** Whether `<<` brings too much into the mappings of a document, or leads into itself. */
export function mergesTooMuch(document: Document, aliases: Aliases): boolean {
  const sizes = new Map<YAMLMap, number>()
  let total = 0
  const sizeOf = (map: YAMLMap): number => {
    const known = sizes.get(map)
    if (known !== undefined) return known
    sizes.set(map, Number.POSITIVE_INFINITY) // until it is known: what leads into itself has no end
    let brought = 0
    for (const { node } of mergedInto(map, aliases)) {
      brought += 1 + (isMap(node) ? sizeOf(node) : 0)
      if (brought > mostMerged) break
    }
    total += brought
    sizes.set(map, map.items.length + brought)
    return map.items.length + brought
  }
  visit(document, {
    Map(_key, map) {
      sizeOf(map)
      return total > mostMerged ? visit.BREAK : undefined
    },
  })
  return total > mostMerged
}
