import { isAlias, isMap, isNode, isScalar, isSeq, visit } from 'yaml'
import type { Document, YAMLMap } from 'yaml'

/** What each alias of a document stands for; undefined for one that names nothing. */
export type Aliases = ReadonlyMap<unknown, unknown>

/** In one pass, since `Alias.resolve` goes through the whole document for each: a file full of them would take hours. */
export function aliasesOf(document: Document): Aliases {
  const anchored = new Map<string, unknown>()
  const aliases = new Map<unknown, unknown>()
  visit(document, {
    Node(_key, node) {
      if (isAlias(node)) aliases.set(node, anchored.get(node.source))
      else if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined) anchored.set(node.anchor, node)
    },
  })
  return aliases
}

/** A value in a parsed YAML document, and where it stands: at its key in a mapping, itself in a list. */
export interface Spot {
  /** Those of its document. */
  readonly aliases: Aliases
  readonly node: unknown
  /** Characters from the beginning of the file. */
  readonly offset: number
}

/** The whole of a document; null for one that holds nothing. */
export function rootOf(document: Document, aliases: Aliases): Spot | null {
  const node: unknown = document.contents
  return isNode(node) ? resolved({ aliases, node, offset: node.range?.[0] ?? 0 }) : null
}

/** Entries of a mapping, those of `<<` included where it does not say otherwise itself; null for what is no mapping. */
export function entriesOf({ aliases, node, offset }: Spot): Map<string, Spot> | null {
  if (!isMap(node)) return null
  const own = new Map<string, Spot>()
  for (const { key, value } of node.items) {
    if (isScalar(key) && key.value !== '<<') own.set(String(key.value), resolved({ aliases, node: value, offset: key.range?.[0] ?? offset }))
  }
  const merged = new Map<string, Spot>()
  for (const source of mergedInto(node, aliases)) for (const [name, entry] of entriesOf(source) ?? []) if (!merged.has(name)) merged.set(name, entry)
  return new Map([...merged, ...own])
}

/** What `<<` names in a mapping, in the order in which it counts. */
export function mergedInto(map: YAMLMap, aliases: Aliases): Spot[] {
  return map.items.flatMap(({ key, value }) => {
    if (!isScalar(key) || key.value !== '<<') return []
    const named = resolved({ aliases, node: value, offset: key.range?.[0] ?? 0 })
    return itemsOf(named) ?? [named]
  })
}

/** Items of a list; null for what is none. */
export function itemsOf({ aliases, node }: Spot): Spot[] | null {
  if (!isSeq(node)) return null
  return node.items.flatMap((item) => (isNode(item) ? [resolved({ aliases, node: item, offset: item.range?.[0] ?? 0 })] : []))
}

/** A text, a number or whatever else stands alone, as text; null for lists, mappings and nothing. */
export function textOf({ node }: Spot): string | null {
  if (!isScalar(node) || node.value === null) return null
  return typeof node.value === 'string' ? node.value : (node.source ?? JSON.stringify(node.value))
}

export function isText({ node }: Spot): boolean {
  return isScalar(node) && typeof node.value === 'string'
}

/** A value with a tag of its own (`!reset`, `!override`) is Compose's business. */
export function isTagged({ node }: Spot): boolean {
  return isNode(node) && node.tag !== undefined && node.tag.startsWith('!')
}

/** What an alias stands for, at the alias's place. */
function resolved(spot: Spot): Spot {
  return isAlias(spot.node) ? { ...spot, node: spot.aliases.get(spot.node) } : spot
}
