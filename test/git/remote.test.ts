import { describe, expect, test } from 'vitest'
import { redactionOf } from '../../src/git/redaction.ts'
import { identityOf, parseRemote, remoteOf } from '../../src/git/remote.ts'

test.each([
  ['owner/repo', 'https://github.com/owner/repo.git'],
  ['owner/repo.git', 'https://github.com/owner/repo.git'],
  [' own.er-1/re_po ', 'https://github.com/own.er-1/re_po.git'],
  ['https://example.org/owner/repo', 'https://example.org/owner/repo'],
  ['git@example.org:owner/repo.git', 'git@example.org:owner/repo.git'],
  ['/srv/repo.git', '/srv/repo.git'],
])('AUTO_UPDATE_REPO=%j means %s', (given, address) => {
  expect(remoteOf(given)).toBe(address)
})

describe('an address', () => {
  test.each([
    ['https://example.org/r.git', 'https'],
    ['http://127.0.0.1:8080/r.git', 'http'],
    ['ssh://git@example.org:22/r.git', 'ssh'],
    ['git@example.org:owner/r.git', 'ssh'],
    ['/srv/r.git', 'file'],
    ['file:///srv/r.git', 'file'],
  ])('%s lets git use %s and nothing else', (address, protocol) => {
    expect(parseRemote(address, undefined)).toMatchObject({ protocol, authorization: null, secrets: [] })
  })

  test('has its credentials taken out', () => {
    expect(parseRemote('https://me:secret@example.org/r.git', undefined)).toMatchObject({ url: 'https://example.org/r.git', authorization: `Basic ${btoa('me:secret')}` })
    expect(parseRemote('https://onlyatoken@example.org/r.git', undefined)).toMatchObject({ url: 'https://example.org/r.git', secrets: expect.arrayContaining(['onlyatoken']) })
  })

  test('yields to the token', () => {
    expect(parseRemote('https://me:secret@example.org/r.git', 'tok')).toMatchObject({ authorization: `Basic ${btoa('x-access-token:tok')}` })
  })

  test('does not send a token over ssh or to a directory', () => {
    expect(parseRemote('git@example.org:owner/r.git', 'tok').authorization).toBe(null)
    expect(parseRemote('/srv/r.git', 'tok').authorization).toBe(null)
  })
})

test('one repository is recognised by every address of it, and another one is not', () => {
  const same = ['https://github.com/Owner/repo.git', 'https://user:pw@github.com/owner/repo', 'git@github.com:owner/repo.git', 'ssh://git@github.com:22/owner/repo.git', 'https://github.com/owner/repo/']
  expect(new Set(same.map((address) => identityOf(address, '/base')))).toEqual(new Set(['github.com/owner/repo']))
  expect(identityOf('https://github.com/owner/repo2.git', '/base')).not.toBe('github.com/owner/repo')
  expect(identityOf('../other/r.git', '/base/project')).toBe('/base/other/r')
  expect(identityOf('file:///base/other/r/.git', '/base/project')).toBe('/base/other/r')
})

test('secrets and credentials in addresses are taken out of what others print', () => {
  const redact = redactionOf(['abc', 'abcdef'])
  expect(redact('abcdef abc https://a:b@example.org/x http://tok@h/ https://example.org/@scope')).toBe('*** *** https://***@example.org/x http://***@h/ https://example.org/@scope')
})
