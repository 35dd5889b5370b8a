import { LineCounter, isAlias, parseAllDocuments } from 'yaml'
import type { Document, YAMLParseError } from 'yaml'
import { mergesTooMuch } from './merges.ts'
import { printable } from './printable.ts'
import { repeatedKeys } from './repeats.ts'
import { aliasesOf, entriesOf, itemsOf, rootOf } from './spots.ts'
import type { Aliases, Spot } from './spots.ts'

/** Keys and list indices from the top of a compose file: `['services', 'bot', 'volumes', 0]`. */
export type Path = readonly (string | number)[]

/** A compose file as it was written, so that a refusal can say where. */
export interface ComposeSource {
  /** `docker-compose.yml` as listed or as it is called in the repository; never a path of ours. */
  readonly name: string
  /** Empty when there are errors. */
  readonly documents: readonly Document[]
  /** The whole of each document that holds anything. */
  readonly roots: readonly Spot[]
  /** Why it cannot be read at all, each with its place: `docker-compose.yml:4:5 at v1.3.0: this is not YAML: …` */
  readonly errors: readonly string[]
  /** `docker-compose.yml:41:5 at v1.3.0`; without an offset the file alone. */
  place(offset?: number): string
}

/** Bytes; the file is read whole and by people. A larger one could take more memory and time to parse than the daemon has. */
export const largestComposeFile = 250_000

/**
 * Parses a compose file. Never throws: what is wrong is in `errors`.
 * @param where follows the place: `at v1.3.0`, `in the project directory`
 */
export function readComposeSource(name: string, where: string, text: string): ComposeSource {
  const lines = new LineCounter()
  const place = (offset?: number): string => {
    if (offset === undefined) return `${name} ${where}`
    const { line, col } = lines.linePos(offset)
    return `${name}:${Math.max(line, 1)}:${Math.max(col, 1)} ${where}`
  }
  const failed = (errors: readonly string[]): ComposeSource => ({ name, documents: [], roots: [], errors: errors.map(printable), place })
  try {
    if (text.length > largestComposeFile) return failed([`${place()}: this is larger than ${largestComposeFile / 1_000_000} MB`])
    const documents: readonly Document[] = [...parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false })]
    const wholes = documents.map((document) => {
      const aliases = aliasesOf(document)
      return { document, aliases, root: rootOf(document, aliases) }
    })
    const errors = wholes.flatMap(({ document, aliases, root }) => [
      ...firstError(document.errors).map((error) => `${place(error.pos[0])}: this is not YAML: ${firstLine(error)}`),
      ...(document.errors.length > 0 ? [] : repeated(document, place, text)),
      ...looseAliases(aliases, place),
      ...(mergesTooMuch(document, aliases) ? [`${place(root?.offset)}: its merges (<<) lead into themselves, or bring in more entries than any stack has`] : strangeRoot(root, place)),
    ])
    if (errors.length > 0) return failed(errors)
    const roots = wholes.flatMap(({ root }) => root ?? [])
    return roots.length === 0 ? failed([`${place()}: this is empty`]) : { name, documents, roots, errors: [], place }
  } catch (error) {
    return failed([`${place()}: this cannot be read as YAML: ${firstLine(error)}`])
  }
}

/** A file that is there but cannot be read. */
export function unreadableSource(name: string, where: string, error: unknown): ComposeSource {
  const place = (): string => `${name} ${where}`
  return { name, documents: [], roots: [], errors: [printable(`${place()}: this cannot be read: ${firstLine(error)}`)], place }
}

/** The place of what Compose has at this path, or of the nearest thing around it; of several files the last that goes as deep. */
export function placeOf(sources: readonly ComposeSource[], path: Path): string {
  let found = { depth: -1, place: sources[0]?.place() ?? '' }
  for (const source of sources) {
    for (const root of source.roots) {
      const { depth, offset } = deepest(root, path)
      // A file that does not even begin to say it is named only if none does.
      if (depth >= Math.max(found.depth, 1) || found.depth < 0) found = { depth, place: source.place(offset) }
    }
  }
  return found.place
}

/** Everything at this path, in all documents of the file. */
export function spotsAt({ roots }: ComposeSource, path: Path): Spot[] {
  return roots.flatMap((root) => {
    const { depth, spot } = deepest(root, path)
    return depth === path.length ? [spot] : []
  })
}

function deepest(root: Spot, path: Path): { readonly depth: number; readonly offset: number; readonly spot: Spot } {
  let spot = root
  let depth = 0
  for (const key of path) {
    const next = entriesOf(spot)?.get(String(key)) ?? itemsOf(spot)?.[Number(key)]
    if (next === undefined) break
    spot = next
    depth += 1
  }
  return { depth, offset: spot.offset, spot }
}

/** Of what breaks the syntax the first: the others follow from it. */
function firstError(errors: readonly YAMLParseError[]): YAMLParseError[] {
  return errors.toSorted((left, right) => left.pos[0] - right.pos[0]).slice(0, 1)
}

function repeated(document: Document, place: (offset: number) => string, text: string): string[] {
  return repeatedKeys(document).slice(0, mostErrors).map((offset) => {
    const key = /^[^\s:#{}[\],]+/.exec(text.slice(offset))?.[0] ?? 'a key'
    return `${place(offset)}: ${key} stands here a second time`
  })
}

/** Told of one file. */
const mostErrors = 5

/** Aliases that name nothing are an error of no parser but a hole in what is built from it. */
function looseAliases(aliases: Aliases, place: (offset: number) => string): string[] {
  return [...aliases].flatMap(([alias, target]) => (isAlias(alias) && target === undefined ? [`${place(alias.range?.[0] ?? 0)}: the alias *${alias.source} stands for nothing`] : [])).slice(0, mostErrors)
}

function strangeRoot(root: Spot | null, place: (offset: number) => string): string[] {
  return root === null || entriesOf(root) !== null ? [] : [`${place(root.offset)}: a compose file must be a mapping with the section services`]
}

function firstLine(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
  return line
}
