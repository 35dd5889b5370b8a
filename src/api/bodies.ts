import * as Type from 'typebox'

/*
 * What calls must send. Further keys are ignored (api-contract.md). `description` completes the sentence of a 400.
 */

const jsonObject = 'a JSON object'

export const applyBody = Type.Object(
  {
    tag: Type.String({ minLength: 1, maxLength: 255, pattern: '^[^\\s\\x00-\\x1f\\x7f]+$', description: 'the name of a release tag such as v1.2.3' }),
    version: Type.String({ minLength: 1, maxLength: 128, pattern: '^[0-9A-Za-z][0-9A-Za-z.+_-]*$', description: 'a version such as 1.2.3' }),
  },
  { description: jsonObject },
)

/** A stack that was adopted without a known commit has an id of the second form (model.ts, Release). */
export const rollbackBody = Type.Object(
  { previous_sha: Type.String({ pattern: '^([0-9a-fA-F]{40}|adopted-[0-9a-f]{32})$', description: 'a commit of 40 hex digits' }) },
  { description: jsonObject },
)

/** Of a pause and of maintenance mode. */
export const reasonBody = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 500, pattern: '\\S', description: 'a reason of 1 to 500 characters' }) },
  { description: jsonObject },
)

export const operationParams = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 64, pattern: '^[0-9A-Za-z_-]+$', description: 'the id of an operation' }),
})
