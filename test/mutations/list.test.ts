import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from './bundle.ts'
import { mutated, type Mutation } from './mutation.ts'
import { mutations } from './mutations.ts'

const mistake: Mutation = { name: 'one is two', file: 'a.ts', text: 'one', instead: 'two' }

describe('a deliberate mistake', () => {
  test('is made where its text is', () => {
    expect(mutated('const a = one + $1', mistake)).toBe('const a = two + $1')
  })

  test('whose text is gone is out of date, and says so', () => {
    expect(() => mutated('const a = three', mistake)).toThrow('The mutation "one is two" is out of date: its text is no longer in a.ts.')
  })

  test('whose text is there twice is not clear, and says so', () => {
    expect(() => mutated('one + one', mistake)).toThrow('The mutation "one is two" is not clear: its text is in a.ts 2 times.')
  })
})

test('each of the list can be made in the code as it stands, and none is there twice', async () => {
  const problems: string[] = []
  for (const mutation of mutations) {
    const content = await readFile(join(root, mutation.file), 'utf8')
    try {
      mutated(content, mutation)
    } catch (error) {
      problems.push(String(error))
    }
  }
  expect(problems).toEqual([])
  expect(new Set(mutations.map(({ name }) => name)).size).toBe(mutations.length)
  expect(new Set(mutations.map(({ file, text, instead }) => `${file} ${text} ${instead}`)).size).toBe(mutations.length)
})
