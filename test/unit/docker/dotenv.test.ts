import { describe, expect, it } from 'vitest'
import { parseDotEnv } from '../../../src/docker/compose/dotenv.ts'

describe('.env', () => {
  it('is read as Compose reads it', () => {
    const text = ['# comment', 'A=1', 'export B = two words', "C='quo#ted'", 'D="x" # why', 'E=', 'F=a#b', 'G=a # b', 'not a variable', ''].join('\n')
    expect(Object.fromEntries(parseDotEnv(text))).toEqual({ A: '1', B: 'two words', C: 'quo#ted', D: 'x', E: '', F: 'a#b', G: 'a' })
  })
})
