/** Of each of two generations: more than histories that begin alike make, and little enough to be kept in memory. */
const most = 4_096

/** Remembers what a pure function told for a key, those longest that are asked for. Campaigns ask for the same texts thousands of times. */
export function remembered<V>(): (key: string, make: () => V) => V {
  let young = new Map<string, { readonly value: V }>()
  let old: typeof young = new Map()
  return (key, make) => {
    const before = young.get(key)
    if (before !== undefined) return before.value
    const known = old.get(key) ?? { value: make() }
    if (young.size >= most) {
      old = young
      young = new Map()
    }
    young.set(key, known)
    return known.value
  }
}
