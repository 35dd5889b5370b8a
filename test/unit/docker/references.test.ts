import { describe, expect, it } from 'vitest'
import { isReleaseTag, keepTag, operationOf, parseReference, releaseTag } from '../../../src/docker/references.ts'

describe('image names', () => {
  it.each([
    ['bot:current', { repository: 'bot', tag: 'current' }],
    ['bot', { repository: 'bot', tag: 'latest' }],
    ['registry.example:5000/team/bot:v1.2', { repository: 'registry.example:5000/team/bot', tag: 'v1.2' }],
    ['localhost:5000/bot', { repository: 'localhost:5000/bot', tag: 'latest' }],
  ])('are split into what moves and what does not: %s', (name, expected) => {
    expect(parseReference(name)).toEqual(expected)
  })

  it.each(['', 'Bot:current', 'bot@sha256:' + '0'.repeat(64), '-v:x', 'bot:', 'bot:a b', 'bot:$(id)', '../bot:x'])('are refused where no tag can be moved: %s', (name) => {
    expect(parseReference(name)).toBeNull()
  })
})

describe('tags of releases', () => {
  it('are told from moving ones', () => {
    expect(isReleaseTag(releaseTag('0123456789abcdef0123456789abcdef01234567'))).toBe(true)
    expect(isReleaseTag(releaseTag(`adopted-${'ab'.repeat(16)}`))).toBe(true)
    for (const tag of ['blue', 'current', 'keep-1', 'deadbeef', 'adopted']) expect(isReleaseTag(tag)).toBe(false)
  })
})

describe('tags of operations', () => {
  it('are told by the form that operations have', () => {
    expect(operationOf(keepTag('0123456789abcdef'))).toBe('0123456789abcdef')
    for (const tag of ['keep-good', 'keep-1', 'keep-', 'blue', 'keep-0123456789abcdef0']) expect(operationOf(tag)).toBeNull()
  })
})
