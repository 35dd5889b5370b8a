import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { httpStatuses, problemOf } from '../../src/api/problems.ts'
import { errorCauses } from '../../src/rollout/errors.ts'

const rows = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, code, cause, http, what, mend] = /^\| `(\w+)` \| ([\w]+) \| (\d+) \| (.+) \| (.+) \|$/.exec(line) ?? []
    return code === undefined ? [] : [{ code, cause, http: Number(http), what, mend }]
  })

describe('docs/errors.md', () => {
  it('has one row for each code that the API can answer with, and no other', () => {
    expect(rows.map((row) => row.code).sort()).toStrictEqual(Object.keys(httpStatuses).sort())
  })

  it('tells the HTTP status that is really sent', () => {
    expect(Object.fromEntries(rows.map((row) => [row.code, row.http]))).toStrictEqual(httpStatuses)
  })

  it('tells the cause that really counts', () => {
    const causes = Object.fromEntries(rows.filter((row) => row.cause !== 'API').map((row) => [row.code, row.cause]))
    expect(causes).toStrictEqual(errorCauses)
  })

  it('says in full sentences what happened and what to do', () => {
    for (const { code, what, mend } of rows) {
      expect(what, code).toMatch(/^[A-Z].{15,}\.$/)
      expect(mend, code).toMatch(/^[A-Z`].*\.$/)
    }
  })
})

describe('a problem', () => {
  it('carries its sentence as detail and as error, so that both kinds of client can read it', () => {
    expect(problemOf('paused', 'Rollouts are paused.', { since: 'yesterday' })).toStrictEqual({
      type: 'urn:zetherion-updater:error:paused',
      title: 'Locked',
      status: 423,
      detail: 'Rollouts are paused.',
      error: 'Rollouts are paused.',
      code: 'paused',
      details: { since: 'yesterday' },
    })
  })
})
