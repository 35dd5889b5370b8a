import type { FastifySchemaValidationError } from 'fastify'

/** What is wrong with a call, by the names of the fields: `tag is missing from the body; it must be …`. */
export function fieldSentences(errors: readonly FastifySchemaValidationError[], where: string): string {
  const place = where === 'body' ? 'the body' : 'the path'
  // Several rules may refuse one field; all of them lead to the same sentence.
  return [...new Set(errors.map((error) => fieldSentence(error, place)))].join(' ')
}

function fieldSentence(error: FastifySchemaValidationError, place: string): string {
  if (error.keyword === 'required') {
    const field = String(error.params['missingProperty'])
    const expected = expectedOf(error, field)
    return `${field} is missing from ${place}${expected === null ? '.' : `; it must be ${expected}.`}`
  }
  const field = error.instancePath.split('/').slice(1).join('.')
  const expected = expectedOf(error, null) ?? 'of another form'
  return field === '' ? `${place === 'the body' ? 'The body' : 'The path'} must be ${expected}.` : `${field} in ${place} must be ${expected}.`
}

/** `description` of the violated schema, or of the missing field's; ajv hands the schema over in verbose mode. */
function expectedOf(error: FastifySchemaValidationError, field: string | null): string | null {
  const parent = 'parentSchema' in error ? error.parentSchema : null
  const schema = field === null ? parent : entryOf(entryOf(parent, 'properties'), field)
  const expected = entryOf(schema, 'description')
  return typeof expected === 'string' ? expected : null
}

function entryOf(section: unknown, key: string): unknown {
  return typeof section === 'object' && section !== null ? Object.entries(section).find(([name]) => name === key)?.[1] : null
}
