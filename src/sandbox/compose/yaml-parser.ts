import { parse } from 'yaml'

/** What a YAML text says. Nobody may change the answer. @throws Error naming the place */
export type YamlParser = (text: string) => unknown

/** A few releases' files. */
const kept = 8

/** Remembers the last texts: the same few compose files are asked about at every step, and parsing one takes 20 ms. */
export function createYamlParser(): YamlParser {
  const known = new Map<string, unknown>()
  return (text) => {
    const value: unknown = known.get(text) ?? parse(text)
    known.delete(text)
    known.set(text, value)
    for (const oldest of known.keys()) {
      if (known.size <= kept) break
      known.delete(oldest)
    }
    return value
  }
}
