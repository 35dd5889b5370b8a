import { parseAllDocuments, visit, isScalar } from 'yaml'

/**
 * Names of the variables that a compose file wants and nobody sets: `$NAME` and `${NAME}` without a default, which Compose
 * would take for an empty text, and `${NAME:?reason}`. A variable inside a default counts only where the default does.
 * @param known variables that are set, with their values
 */
export function unsetVariables(composeFile: string, known: ReadonlyMap<string, string>): string[] {
  const unset = new Set<string>()
  for (const document of parseAllDocuments(composeFile)) {
    visit(document, {
      // Compose interpolates values, not keys; `visit` tells them apart by the first argument.
      Scalar(key, node) {
        if (key !== 'key' && isScalar(node) && typeof node.value === 'string') wanted(node.value, known, unset)
      },
    })
  }
  return [...unset]
}

const reference = /\$(?:\$|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(:?[-?+])?)/g

function wanted(text: string, known: ReadonlyMap<string, string>, unset: Set<string>): void {
  const pattern = new RegExp(reference)
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const name = match[1] ?? match[2]
    if (name === undefined) continue // `$$` is a dollar sign
    const operator = match[3] ?? ''
    const value = known.get(name)
    const isSet = value !== undefined && !(operator.startsWith(':') && value === '')
    if (match[2] === undefined) {
      if (!isSet) unset.add(name)
      continue
    }
    const end = closingBrace(text, pattern.lastIndex)
    const word = text.slice(pattern.lastIndex, end)
    pattern.lastIndex = end
    if (operator.endsWith('+')) {
      if (isSet) wanted(word, known, unset)
    } else if (!isSet) {
      if (operator.endsWith('-')) wanted(word, known, unset)
      else unset.add(name)
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
