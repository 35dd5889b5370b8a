import { isMapping } from '../shape.ts'

/** What interpolation ran into; the names of variables, each once. */
export interface Unset {
  /** Variables without value and default: Compose puts an empty text there. */
  readonly blank: ReadonlySet<string>
  /** Messages of `${NAME:?message}`: Compose refuses the file. */
  readonly required: readonly string[]
}

/**
 * Fills in the variables of a parsed compose file, in values only, as the Compose specification has it: `$NAME`,
 * `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `:?`, `?`, `:+`, `+`, nested defaults, and `$$` for a dollar sign.
 */
export function interpolate(value: unknown, variables: Readonly<Record<string, string>>): { value: unknown; unset: Unset } {
  const blank = new Set<string>()
  const required: string[] = []
  const filled = fillValue(value, { variables, blank, required })
  return { value: filled, unset: { blank, required } }
}

interface Filling {
  readonly variables: Readonly<Record<string, string>>
  readonly blank: Set<string>
  readonly required: string[]
}

function fillValue(value: unknown, filling: Filling): unknown {
  if (typeof value === 'string') return fillText(value, filling)
  if (Array.isArray(value)) return value.map((entry) => fillValue(entry, filling))
  if (isMapping(value)) return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, fillValue(entry, filling)]))
  return value
}

function fillText(text: string, filling: Filling): string {
  let filled = ''
  let rest = text
  for (;;) {
    const dollar = rest.indexOf('$')
    if (dollar === -1) return filled + rest
    filled += rest.slice(0, dollar)
    const [replacement, length] = fillReference(rest.slice(dollar), filling)
    filled += replacement
    rest = rest.slice(dollar + length)
  }
}

/** @returns what stands for the reference at the start of the text, and how long that reference is */
function fillReference(text: string, filling: Filling): [string, number] {
  if (text.startsWith('$$')) return ['$', 2]
  const plain = /^\$([A-Za-z_]\w*)/.exec(text)
  if (plain?.[1] !== undefined) return [fillVariable(plain[1], '', '', filling), plain[0].length]
  const end = text.startsWith('${') ? closingBrace(text) : -1
  if (end === -1) return ['$', 1]
  const braced = /^([A-Za-z_]\w*)(?:(:?[-?+])(.*))?$/s.exec(text.slice(2, end))
  if (braced?.[1] === undefined) throw new Error(`"${text.slice(0, end + 1)}" is no variable`)
  return [fillVariable(braced[1], braced[2] ?? '', braced[3] ?? '', filling), end + 1]
}

function closingBrace(text: string): number {
  let depth = 0
  for (let index = 1; index < text.length; index += 1) {
    if (text[index] === '{') depth += 1
    if (text[index] === '}') depth -= 1
    if (depth === 0) return index
  }
  return -1
}

function fillVariable(name: string, operator: string, word: string, filling: Filling): string {
  const value = filling.variables[name]
  const present = value !== undefined && !(operator.startsWith(':') && value === '')
  if (operator.endsWith('+')) return present ? fillText(word, filling) : ''
  if (present) return value
  if (operator.endsWith('-')) return fillText(word, filling)
  if (operator.endsWith('?')) filling.required.push(`${name}${word === '' ? ' is not set' : `: ${word}`}`)
  else filling.blank.add(name)
  return ''
}
