import { Type } from 'typebox'

/*
 * What calls must send. Further keys are ignored (api-contract.md). `expected` completes the sentence of a 400.
 */

const jsonObject = 'a JSON object'

export const applyBody = Type.Object(
  {
    tag: Type.String({ minLength: 1, maxLength: 255, pattern: '^[^\\s\\x00-\\x1f\\x7f]+$', expected: 'the name of a release tag such as v1.2.3' }),
    version: Type.String({ minLength: 1, maxLength: 128, pattern: '^[0-9A-Za-z][0-9A-Za-z.+_-]*$', expected: 'a version such as 1.2.3' }),
  },
  { expected: jsonObject },
)

/** A stack that was adopted without a known commit has an id of the second form (model.ts, Release). */
export const rollbackBody = Type.Object(
  { previous_sha: Type.String({ pattern: '^([0-9a-fA-F]{40}|adopted-[0-9a-f]{32})$', expected: 'a commit of 40 hex digits' }) },
  { expected: jsonObject },
)

export const pauseBody = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 500, pattern: '\\S', expected: 'a reason of 1 to 500 characters' }) },
  { expected: jsonObject },
)

export const operationParams = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 64, pattern: '^[0-9A-Za-z_-]+$', expected: 'the id of an operation' }),
})
