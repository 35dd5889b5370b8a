import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { unsetVariables } from '../../../src/compose-file/variables.ts'

const unsetIn = (text: string, known: Record<string, string> = {}): string[] =>
  unsetVariables([...parseAllDocuments(text)], new Map(Object.entries(known))).map(({ name }) => name)
const unset = (value: string, known: Record<string, string> = {}): string[] => unsetIn(`services: { bot: { command: ${JSON.stringify(value)} } }`, known)

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
    expect(unsetIn('# ${COMMENT}\nservices: { "${KEY}": { image: "x:${TAG}" } }')).toEqual(['TAG'])
  })

  it('are named once each, with what the file says to their absence', () => {
    expect(unset('$A ${A} $B')).toEqual(['A', 'B'])
    const documents = parseAllDocuments('a: 1\nb: "${TOKEN:?write one into .env}"\nc: $TOKEN\n')
    expect(unsetVariables([...documents], new Map())).toEqual([{ name: 'TOKEN', reason: 'write one into .env', offset: 8 }])
  })
})
