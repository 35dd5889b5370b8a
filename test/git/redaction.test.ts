import { assert, constantFrom, integer, pre, property, string, tuple } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { start } from '../../src/git/command.ts'
import { CommandFailed } from '../../src/git/failure.ts'
import { redactionOf } from '../../src/git/redaction.ts'
import { parseRemote } from '../../src/git/remote.ts'

const address = 'https://git.example.org/team/stack.git'
/** Characters that mean something to patterns, addresses, shells or replacements. */
const nasty = string({ unit: constantFrom(...Array.from('$&`\'"\\/+=%@:?#[](){}|^.*-_~!, ;<>aZ09äß漢😀')), minLength: 8, maxLength: 40 })
const tokens = constantFrom('plain', 'nasty').chain((kind) => (kind === 'plain' ? string({ minLength: 8, maxLength: 40, unit: 'binary' }) : nasty)).filter((token) => token.trim() === token)

const all = (text: string): string => [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const url = (text: string): string => text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')

/** Every form in which somebody might repeat a token. */
const forms: Readonly<Record<string, (token: string) => string>> = {
  'as it is': (token) => token,
  'percent-encoded': encodeURIComponent,
  'percent-encoded in small letters': (token) => encodeURIComponent(token).replace(/%../g, (part) => part.toLowerCase()),
  'percent-encoded throughout': all,
  'percent-encoded twice': (token) => encodeURIComponent(encodeURIComponent(token)),
  'as a form has it': (token) => encodeURIComponent(token).replaceAll('%20', '+'),
  'in an address': (token) => `https://x-access-token:${encodeURIComponent(token)}@git.example.org/team/stack.git`,
  'as a user': (token) => `https://${encodeURIComponent(token)}@git.example.org/`,
  'in a header': (token) => `Authorization: Basic ${base64(`x-access-token:${token}`)}`,
  'in a header for addresses': (token) => url(base64(`x-access-token:${token}`)),
  'in a header, percent-encoded': (token) => encodeURIComponent(base64(`x-access-token:${token}`)),
}

describe('what a remote repeats of a token', () => {
  it.each(Object.entries(forms))('%s does not come through', (_, form) => {
    assert(property(tokens, constantFrom('fatal: you sent ', '', 'remote: <', '"'), (token, before) => {
      const { secrets } = parseRemote(address, token)
      const sent = form(token)
      const shown = redactionOf(secrets)(`${before}${sent} and no more`)
      pre(!'fatal: you sent remote: <" and no more https://***@git.example.org/team/stack.git Authorization: Basic'.includes(token))
      expect(shown).not.toContain(token)
      expect(shown).not.toContain(sent)
      expect(shown).toContain('***')
      expect(shown.endsWith(' and no more')).toBe(true)
    }))
  })

  it('inside of a longer text in base64 leaves no more than its edges', () => {
    assert(property(tuple(string({ maxLength: 9 }), string({ maxLength: 9 }), string({ minLength: 16, maxLength: 40 }).filter((token) => token.trim() === token)), ([before, after, token]) => {
      const shown = redactionOf(parseRemote(address, token).secrets)(base64(`${before}${token}${after}`))
      const left = shown.split('***').map((part) => Buffer.from(part, 'base64').toString('latin1')).join('|')
      expect(shown).toContain('***')
      expect(left).not.toContain(token.slice(2, -2))
    }))
  })

  it('as the password or the user of the address does not come through either', () => {
    assert(property(nasty, integer({ min: 0, max: 1 }), (secret, isUser) => {
      const given = new URL(address)
      if (isUser === 1) given.username = encodeURIComponent(secret)
      else [given.username, given.password] = ['me', encodeURIComponent(secret)]
      const redact = redactionOf(parseRemote(given.href, undefined).secrets)
      for (const form of Object.values(forms).slice(0, 6)) expect(redact(`fatal: ${form(secret)}`)).not.toContain(form(secret))
      expect(redact(given.href)).toBe('https://***@git.example.org/team/stack.git')
    }))
  })

  it.each([
    ['https://me:p@ss@example.org/a@b', 'https://***@example.org/a@b'],
    ['HTTP://token@example.org', 'HTTP://***@example.org'],
    ['ssh://me:word@example.org/x', 'ssh://***@example.org/x'],
    ['ssh://git@example.org/x', 'ssh://git@example.org/x'],
    ['see https://example.org/ or mail me@example.org', 'see https://example.org/ or mail me@example.org'],
  ])('also where nobody knows it for a secret: %s', (text, shown) => {
    expect(redactionOf([])(text)).toBe(shown)
  })
})

it('half a token at the cut of a long output does not come through', async () => {
  const token = 'ghp_T0kenThatNobodyMaySee0123456789'
  const words = `printf %020000d 0; printf %s "$TOLD"; printf %016364d 0`
  const { done } = start('git', ['-c', `alias.tell=!(${words}) >&2; exit 1`, 'tell'], {
    cwd: '/', environment: { PATH: process.env['PATH'] ?? '', TOLD: token }, limit: 10_000, signal: new AbortController().signal, redact: redactionOf([token]),
  })
  const error: unknown = await done.catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(CommandFailed)
  for (let length = 6; length < token.length; length += 1) expect(String(error)).not.toContain(token.slice(-length))
  expect(String(error)).toMatch(/000000/)
})
