import { Ajv } from 'ajv'
import type { ErrorObject } from 'ajv'
import { LineCounter, isNode, isMap, isPair, isScalar, parseDocument } from 'yaml'
import type { Document } from 'yaml'
import { configSchema } from './config-schema.ts'
import type { ConfigFile } from './config-schema.ts'
import { readDuration, readSize } from './duration.ts'
import { problemSentence } from './problem-sentence.ts'
import type { Problem } from './settings.ts'

/** A file that was read: its content as far as it is good, what is wrong, and where each key stands. */
export interface ReadConfig {
  /** Sections without problems. */
  readonly content: ConfigFile
  readonly problems: readonly Problem[]
  /** A problem at this key, which later checks found. */
  problemAt(path: readonly (string | number)[], rest: string): Problem
}

/**
 * Reads the text of config/updater.yml; null means that there is no file.
 * @param name how the file is called in problems
 */
export function readConfigFile(text: string | null, name: string): ReadConfig {
  const lines = new LineCounter()
  const document = parseDocument(text ?? '', { lineCounter: lines, prettyErrors: false, stringKeys: true })
  const problemAt = (path: readonly (string | number)[], rest: string): Problem => {
    const key = keyOf(path)
    const line = lineOf(document, lines, path)
    return problem(line === null ? name : `${name}:${line}`, key, rest)
  }
  const broken = document.errors.map((error) => problem(`${name}:${lines.linePos(error.pos[0]).line}`, '', `this is not YAML: ${firstLine(error.message)}`))
  if (broken.length > 0) return { content: {}, problems: broken, problemAt }
  const parsed = parse(document)
  if (typeof parsed === 'string') return { content: {}, problems: [problem(name, '', parsed)], problemAt }
  const check = compile(parsed.content)
  if (check(parsed.content)) return { content: parsed.content, problems: [], problemAt }
  const findings = distinct((check.errors ?? []).map(findingOf))
  const rest = withoutSections(parsed.content, findings)
  return { content: check(rest) ? rest : {}, problems: inOrder(findings.map((finding) => problemAt(finding.path, finding.rest))), problemAt }
}

function problem(where: string, key: string, rest: string): Problem {
  return { where, key, sentence: `${where}: ${key === '' ? '' : `${key} `}${rest}` }
}

/** A sentence if the document cannot be taken over as values (an alias that unfolds without end). */
function parse(document: Document): { readonly content: unknown } | string {
  try {
    // An empty file, or one of comments only, says nothing: everything has its default.
    return { content: document.toJS() ?? {} }
  } catch (error) {
    return `this cannot be read: ${error instanceof Error ? firstLine(error.message) : String(error)}`
  }
}

/**
 * Compiled for the sections that are there, unoptimised, and without ajv's schema of schemas (a test holds our schema
 * against it): each of these takes longer than all the rest of reading, and the daemon has 400 ms until its first /health.
 */
function compile(content: unknown) {
  const ajv = new Ajv({ allErrors: true, verbose: true, strict: true, allowUnionTypes: true, validateSchema: false, meta: false, code: { optimize: false } })
  ajv.addKeyword({ keyword: 'duration', validate: (_: unknown, value: unknown) => readDuration(value) !== null })
  ajv.addKeyword({ keyword: 'size', validate: (_: unknown, value: unknown) => readSize(value) !== null })
  const present = new Set(typeof content === 'object' && content !== null ? Object.keys(content) : [])
  const properties = Object.fromEntries(Object.entries(configSchema.properties).map(([name, section]) => [name, present.has(name) ? section : {}]))
  return ajv.compile<ConfigFile>({ ...configSchema, properties })
}

interface Finding {
  readonly path: readonly (string | number)[]
  readonly rest: string
}

/** Several rules may refuse one value; the first sentence already says what is wanted. */
function distinct(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.toReversed().map((finding) => [JSON.stringify(finding.path), finding])).values()].toReversed()
}

/** As they stand in the file. */
function inOrder(problems: readonly Problem[]): Problem[] {
  const line = ({ where }: Problem): number => Number(where.slice(where.lastIndexOf(':') + 1)) || 0
  return problems.toSorted((left, right) => line(left) - line(right))
}

/** What is left when each section with a problem is taken out: the API may still be brought up by it. */
function withoutSections(content: unknown, findings: readonly Finding[]): unknown {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) return {}
  const bad = new Set(findings.map((finding) => finding.path[0]))
  return Object.fromEntries(Object.entries(content).filter(([section]) => !bad.has(section)))
}

function findingOf(error: ErrorObject): Finding {
  const path = error.instancePath.split('/').slice(1).map(unescapePointer)
  const { key, sentence } = problemSentence(error)
  return { path: key === null ? path : [...path, key], rest: sentence }
}

function unescapePointer(part: string): string | number {
  const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
  return /^\d+$/.test(name) ? Number(name) : name
}

/** `topology.groups[0].port` */
function keyOf(path: readonly (string | number)[]): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${part}`)).join('')
}

/** Line of the key, or of the nearest section around it when the key itself is missing. */
function lineOf(document: Document, lines: LineCounter, path: readonly (string | number)[]): number | null {
  for (let length = path.length; length > 0; length -= 1) {
    const offset = offsetOf(document, path.slice(0, length))
    if (offset !== null) return lines.linePos(offset).line
  }
  return null
}

function offsetOf(document: Document, path: readonly (string | number)[]): number | null {
  const last = path.at(-1)
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  if (isMap(parent)) {
    const pair = parent.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === String(last))
    return isNode(pair?.key) ? (pair.key.range?.[0] ?? null) : null
  }
  const node = document.getIn(path, true)
  return isNode(node) ? (node.range?.[0] ?? null) : null
}

function firstLine(message: string): string {
  return message.split('\n')[0] ?? message
}
