import { describe, expect, it } from 'vitest'
import { parseDotEnv } from '../../../src/docker/compose/dotenv.ts'
import { includesOthers } from '../../../src/docker/compose/includes.ts'
import { unsetVariables } from '../../../src/docker/compose/variables.ts'

const unset = (value: string, known: Record<string, string> = {}): string[] =>
  unsetVariables(`services: { bot: { command: ${JSON.stringify(value)} } }`, new Map(Object.entries(known)))

describe('variables of a compose file', () => {
  it.each([
    ['${TOKEN}', ['TOKEN']],
    ['$TOKEN', ['TOKEN']],
    ['a-${TOKEN}-$OTHER', ['TOKEN', 'OTHER']],
    ['${TOKEN:?set it}', ['TOKEN']],
    ['${TOKEN?set it}', ['TOKEN']],
    ['${TOKEN:-fallback}', []],
    ['${TOKEN-}', []],
    ['${TOKEN:+replacement}', []],
    ['$$TOKEN', []],
    ['costs 5$', []],
    ['${TOKEN:-${INNER}}', ['INNER']],
    ['${TOKEN:-${INNER:-deep}} $LAST', ['LAST']],
  ])('in %s are missing when nobody sets them: %j', (value, expected) => {
    expect(unset(value)).toEqual(expected)
  })

  it('count as set from .env, but an empty one not where a reason is asked for', () => {
    expect(unset('${TOKEN} ${TOKEN?} ${TOKEN:-x}', { TOKEN: '' })).toEqual([])
    expect(unset('${TOKEN:?not empty}', { TOKEN: '' })).toEqual(['TOKEN'])
    expect(unset('${TOKEN:-${INNER}}', { TOKEN: 'set' })).toEqual([])
    expect(unset('${TOKEN:+${INNER}}', { TOKEN: 'set' })).toEqual(['INNER'])
  })

  it('are not looked for in comments and keys', () => {
    expect(unsetVariables('# ${COMMENT}\nservices: { "${KEY}": { image: "x:${TAG}" } }', new Map())).toEqual(['TAG'])
  })

  it('are named once each', () => {
    expect(unset('$A ${A} $B')).toEqual(['A', 'B'])
  })
})

describe('.env', () => {
  it('is read as Compose reads it', () => {
    const text = ['# comment', 'A=1', 'export B = two words', "C='quo#ted'", 'D="x" # why', 'E=', 'F=a#b', 'G=a # b', 'not a variable', ''].join('\n')
    expect(Object.fromEntries(parseDotEnv(text))).toEqual({ A: '1', B: 'two words', C: 'quo#ted', D: 'x', E: '', F: 'a#b', G: 'a' })
  })
})

describe('a compose file that includes others', () => {
  it('is told from one that does not', () => {
    expect(includesOthers('include: [other.yml]\nservices: {}')).toBe(true)
    expect(includesOthers('services: { include: { image: "x:y" } }')).toBe(false)
  })
})
