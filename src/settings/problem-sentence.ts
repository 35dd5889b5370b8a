import type { ErrorObject } from 'ajv'
import { nearest } from './did-you-mean.ts'

/** What an ajv error says to a person; `key` is set when it is about a key below the error's own path. */
export interface ProblemSentence {
  readonly key: string | null
  /** `must be a duration such as 10s, is "soon"`; follows the key. */
  readonly sentence: string
}

/** Wants ajv's `verbose`, and a `description` on every schema that may be violated. */
export function problemSentence(error: ErrorObject): ProblemSentence {
  if (error.keyword === 'additionalProperties') return unknownKey(error)
  if (error.keyword === 'required') return missingKey(error)
  const expected = expectedBy(error.parentSchema)
  return { key: null, sentence: expected === null ? `${error.message ?? 'is not valid'}, is ${shown(error.data)}` : `must be ${expected}, is ${shown(error.data)}` }
}

function unknownKey(error: ErrorObject): ProblemSentence {
  const name = String(error.params['additionalProperty'])
  const known = keysOf(error.parentSchema)
  const meant = nearest(name, known)
  const expected = expectedBy(error.parentSchema)
  const help = meant !== null ? `did you mean ${meant}?` : known.length > 0 ? `known here: ${known.join(', ')}` : `this section holds ${expected ?? 'other names'}`
  return { key: name, sentence: `is unknown; ${help}` }
}

function missingKey(error: ErrorObject): ProblemSentence {
  const name = String(error.params['missingProperty'])
  const properties = sectionOf(error.parentSchema, 'properties')
  const expected = expectedBy(properties[name])
  return { key: name, sentence: expected === null ? 'is missing' : `is missing; it must be ${expected}` }
}

function keysOf(schema: unknown): string[] {
  return Object.keys(sectionOf(schema, 'properties'))
}

function expectedBy(schema: unknown): string | null {
  const expected = isSection(schema) ? schema['description'] : null
  return typeof expected === 'string' ? expected : null
}

function sectionOf(schema: unknown, name: string): Record<string, unknown> {
  const section = isSection(schema) ? schema[name] : null
  return isSection(section) ? section : {}
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What is there now, short enough for one line. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (isSection(value)) return 'a section'
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}
