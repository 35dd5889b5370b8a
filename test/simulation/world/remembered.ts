/** More than one history ever makes; a campaign goes through them again and again. */
const most = 4_096

/** Remembers what a pure function told for a key. Campaigns ask for the same texts thousands of times. */
export function remembered<V>(): (key: string, make: () => V) => V {
  const known = new Map<string, { readonly value: V }>()
  return (key, make) => {
    const before = known.get(key)
    if (before !== undefined) return before.value
    const value = make()
    if (known.size >= most) known.clear()
    known.set(key, { value })
    return value
  }
}
