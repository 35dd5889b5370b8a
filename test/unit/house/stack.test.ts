import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { evidence } from '../../stack/statements/evidence.ts'
import { statements } from '../../stack/statements/statements.ts'
import { shownBy } from '../../stack/statements/titles.ts'

const tests = fileURLToPath(new URL('../..', import.meta.url))

it('docs/stack.md has a row for each statement of the seeds, and every row a proof', async () => {
  await expect(evidence(statements)).toMatchFileSnapshot('../../../docs/stack.md')
})

it('every test that docs/stack.md names is there', async () => {
  const told = await titlesBelow('stack/chapters')
  expect(Object.values(shownBy).filter((title) => !told.has(title)), 'on a real engine').toEqual([])
  const everywhere = await titlesBelow('.')
  const elsewhere = statements.flatMap(({ shown }) => shown).filter(({ kind }) => kind === 'elsewhere').map(({ title }) => title)
  expect(elsewhere.filter((title) => !everywhere.has(title)), 'elsewhere').toEqual([])
})

it('every test of the whole stack is named by a row, or holds the story together', async () => {
  const named = new Set(statements.flatMap(({ shown }) => shown).map(({ title }) => title))
  const between = ['in maintenance mode the standby that an operator started stays', 'all twelve have run through every attempt without a restart, and maintenance ends']
  expect([...await titlesBelow('stack/chapters')].filter((title) => !named.has(title))).toEqual(between)
})

/** Titles of the tests in the files below a folder of test/. */
async function titlesBelow(folder: string): Promise<Set<string>> {
  const files = (await readdir(`${tests}/${folder}`, { recursive: true })).filter((name) => name.endsWith('.ts')).sort()
  const texts = await Promise.all(files.map((name) => readFile(`${tests}/${folder}/${name}`, 'utf8')))
  return new Set(texts.flatMap((text) => [...text.matchAll(/^\s*(?:it|test)\('((?:[^'\\]|\\.)+)'/gm)].map(([, title = '']) => title.replaceAll("\\'", "'"))))
}
