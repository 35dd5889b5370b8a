import { isScalar, visit } from 'yaml'
import type { Document } from 'yaml'

/** A variable that a compose file wants and nobody sets. */
export interface UnsetVariable {
  readonly name: string
  /** What the file says to its absence (`${NAME:?reason}`); empty if nothing. */
  readonly reason: string
  /** Where the value stands that first wants it, in characters from the beginning of the file. */
  readonly offset: number
}

/**
 * Variables that nobody sets: `$NAME` and `${NAME}` without a default, which Compose would take for an empty text, and
 * `${NAME:?reason}`. A variable inside a default counts only where the default does. Each is told once.
 * @param known variables that are set, with their values
 */
export function unsetVariables(documents: readonly Document[], known: ReadonlyMap<string, string>): UnsetVariable[] {
  const unset = new Map<string, UnsetVariable>()
  for (const document of documents) {
    visit(document, {
      // Compose interpolates values, not keys; `visit` tells them apart by the first argument.
      Scalar(key, node) {
        if (key === 'key' || !isScalar(node) || typeof node.value !== 'string') return
        const offset = node.range?.[0] ?? 0
        wanted(node.value, known, mostNested, (name, reason) => {
          if (!unset.has(name)) unset.set(name, { name, reason, offset })
        })
      },
    })
  }
  return [...unset.values()]
}

const reference = /\$(?:\$|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(:?[-?+])?)/g

/** Defaults inside of defaults that are followed: each level goes through its whole text. */
const mostNested = 32

function wanted(text: string, known: ReadonlyMap<string, string>, levels: number, tell: (name: string, reason: string) => void): void {
  const nested = (name: string, word: string): void => {
    if (levels > 0) wanted(word, known, levels - 1, tell)
    else tell(name, `its default stands inside of more than ${mostNested} others`)
  }
  const pattern = new RegExp(reference)
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const name = match[1] ?? match[2]
    if (name === undefined) continue // `$$` is a dollar sign
    const operator = match[3] ?? ''
    const value = known.get(name)
    const isSet = value !== undefined && !(operator.startsWith(':') && value === '')
    if (match[2] === undefined) {
      if (!isSet) tell(name, '')
      continue
    }
    const end = closingBrace(text, pattern.lastIndex)
    const word = text.slice(pattern.lastIndex, end)
    pattern.lastIndex = end
    if (operator.endsWith('+')) {
      if (isSet) nested(name, word)
    } else if (!isSet) {
      if (operator.endsWith('-')) nested(name, word)
      else tell(name, operator.endsWith('?') ? word : '')
    }
  }
}

/** Index of the brace that ends the expression which goes on at `from`. */
function closingBrace(text: string, from: number): number {
  let depth = 1
  for (let index = from; index < text.length; index++) {
    if (text.startsWith('${', index)) depth++
    else if (text[index] === '}' && --depth === 0) return index
  }
  return text.length
}
