import { Ajv } from 'ajv'
import type { TSchema } from 'typebox'
import { expect } from 'vitest'

/**
 * An answer is exactly what its schema says, no key more: since answers are not passed through compiled serializers,
 * this is what keeps code and OpenAPI document together.
 */
export function expectToMatch(answer: unknown, schema: TSchema): void {
  const check = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile(closed(schema))
  check(answer)
  expect(check.errors ?? []).toStrictEqual([])
}

/** The schema with every object closed. */
function closed(schema: unknown): object {
  const copy: unknown = JSON.parse(JSON.stringify(schema), (_key, value: unknown) =>
    typeof value === 'object' && value !== null && 'type' in value && value.type === 'object' ? { ...value, additionalProperties: false } : value,
  )
  if (typeof copy !== 'object' || copy === null) throw new Error('this is no schema')
  return copy
}
