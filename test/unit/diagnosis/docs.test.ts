import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { exitCodes } from '../../../src/cli/exit-codes.ts'
import { checkIds } from '../../../src/diagnosis/finding.ts'

const text = readFileSync(new URL('../../../docs/doctor.md', import.meta.url), 'utf8')
const rows = text.split('\n').flatMap((line) => {
  const [, check, what, mend] = /^\| `(\w+)` \| (.+) \| (.+) \|$/.exec(line) ?? []
  return check === undefined ? [] : [{ check, what, mend }]
})

test('docs/doctor.md has one row for each check, in the order in which they are told, and no other', () => {
  expect(rows.map(({ check }) => check)).toEqual([...checkIds])
})

test('docs/doctor.md says in full sentences what is looked at and what to do', () => {
  for (const { check, what, mend } of rows) {
    expect(what, check).toMatch(/^[A-Z].{15,}\.$/)
    expect(mend, check).toMatch(/^[A-Z`].*\.$/)
  }
})

test('docs/doctor.md has one row for each exit code', () => {
  const codes = [...text.matchAll(/^\| (\d) \| [A-Z].+\. \|$/gm)].map(([, code]) => Number(code))
  expect(codes).toEqual(Object.values(exitCodes))
})
