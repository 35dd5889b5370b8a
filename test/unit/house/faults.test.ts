import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { faults, rows } from './fault-list.ts'

const tests = fileURLToPath(new URL('../..', import.meta.url))

/** These name rows too, and show none: the list, deliberate mistakes and what catches them, and situations that a campaign must have met. */
const showsNothing = /^(unit\/house\/|mutations\/|simulation\/campaign\/sometimes\.ts$)/

/** Test files, with what they say. A title begins with the number of the row that it shows, `fault 17: …` or `R9: …`, or is given it: `['fault 17', …]`. */
async function testFiles(): Promise<{ readonly name: string; readonly text: string }[]> {
  const names = (await readdir(tests, { recursive: true })).filter((name) => name.endsWith('.ts') && !showsNothing.test(name)).sort()
  return Promise.all(names.map(async (name) => ({ name, text: await readFile(`${tests}/${name}`, 'utf8') })))
}

function showing(files: Awaited<ReturnType<typeof testFiles>>, row: string): string[] {
  const beginning = new RegExp(`['"\`]${row}([: ]|['"\`],)`)
  return files.filter(({ text }) => beginning.test(text)).map(({ name }) => name)
}

test('every fault and every row of the recovery table is shown by a test, and docs/faults.md says by which', async () => {
  const files = await testFiles()
  const line = (row: string, told: readonly string[]): string => `| ${[row, ...told].join(' | ')} | ${showing(files, row).map((name) => `[${name}](../test/${name})`).join(', ')} |`
  const told = [
    '# Faults, and the tests that show them\n',
    'Written by `npx vitest run test/unit/house/faults.test.ts -u`; the test fails when a row has no test any more.\n',
    '| fault | what goes wrong | what is then so | shown by |', '|---|---|---|---|',
    ...faults.map(([number, fault, outcome]) => line(`fault ${number}`, [fault, outcome])),
    '\nThe rows of the recovery table (`src/rollout/recovery/decide.ts`):\n',
    '| row | shown by |', '|---|---|',
    ...rows.map((row) => line(`R${row}`, [])),
    '',
  ].join('\n')
  const unshown = [...faults.map(([number]) => `fault ${number}`), ...rows.map((row) => `R${row}`)].filter((row) => showing(files, row).length === 0)
  expect(unshown, 'rows without a test').toEqual([])
  await expect(told).toMatchFileSnapshot('../../../docs/faults.md')
})
