import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createGitSource } from '../../src/git/git-source.ts'
import { makeGitWorld } from './git-world.ts'
import type { GitWorld } from './git-world.ts'
import { onLoopback } from '../http/loopback.ts'
import { serveOverHttp } from './http-remote.ts'
import type { HttpRemote } from './http-remote.ts'

const token = 'ghp_T0kenThatNobodyMaySee+/='
const wrongToken = 'ghp_An0therTokenThatNobodyMaySee'
const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`

describe('a private repository over smart HTTP', () => {
  const signal = new AbortController().signal
  let world: GitWorld
  let remote: HttpRemote
  let commit: string
  beforeEach(async () => {
    world = await makeGitWorld()
    commit = await world.publish('v1.0.0', { 'docker-compose.yml': 'one' })
    remote = await serveOverHttp(world.root, 'remote.git', basic(`x-access-token:${token}`))
  })
  afterEach(async () => {
    await remote.close()
    await world.dispose()
  })

  test('is read with the token, which no process list, log line or file ever shows', async () => {
    const source = world.openWith({ remote: remote.url, token })
    expect(await source.listTags(signal)).toEqual([{ tag: 'v1.0.0', commit }])
    expect(await source.fetch('v1.0.0', null, signal)).toBe(commit)
    await source.checkout(commit, signal)
    const seen = [...remote.commandLines]
    expect(seen.some((line) => line.includes('fetch') && line.includes(remote.url))).toBe(true)
    expect(seen.some((line) => line.includes('remote-http'))).toBe(true)
    expectNoSecret(seen.join('\n'), token)
    expectNoSecret(world.logged.join('\n'), token)
    expectNoSecret(await everythingIn(world.state), token)
  })

  test('is read with the credentials of its address, which are taken out of it first', async () => {
    await remote.close()
    remote = await serveOverHttp(world.root, 'remote.git', basic('me:p@ss word'))
    const source = world.openWith({ remote: remote.url.replace('://', `://me:${encodeURIComponent('p@ss word')}@`) })
    expect(await source.fetch('v1.0.0', null, signal)).toBe(commit)
    for (const text of [[...remote.commandLines].join('\n'), world.logged.join('\n'), await everythingIn(world.state)]) {
      expectNoSecret(text, 'p@ss word')
      expect(text).not.toContain(encodeURIComponent('p@ss word'))
    }
    expect(world.logged.join('\n')).toContain(remote.url)
  })

  test('that refuses the token and repeats it gives an error that does not', async () => {
    const source = world.openWith({ remote: remote.url, token: wrongToken })
    for (const call of [() => source.listTags(signal), () => source.fetch('v1.0.0', null, signal)]) {
      const error: unknown = await call().catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'remote_unreachable', message: expect.stringContaining(remote.url) })
      expectNoSecret(inspect(error, { depth: Infinity, showHidden: true }) + JSON.stringify(error), wrongToken)
    }
    expect(remote.authorizations).toContain(basic(`x-access-token:${wrongToken}`))
    expect(world.logged).toEqual([])
  })

  test('that sends us elsewhere does not get the token there', async () => {
    const elsewhere = await onLoopback((_request, response) => response.writeHead(302, { location: `${remote.url}/info/refs?service=git-upload-pack` }).end())
    const source = world.openWith({ remote: `http://127.0.0.1:${elsewhere}/remote.git`, token })
    await expect(source.listTags(signal)).rejects.toMatchObject({ code: 'remote_unreachable' })
    expect(remote.authorizations).toEqual([])
  })

  test('asks nobody for a password when there is none', async () => {
    await expect(world.openWith({ remote: remote.url }).listTags(signal)).rejects.toMatchObject({ code: 'remote_unreachable' })
  })
})

test.each([
  ['ftp://user:Secret0@example.org/r.git', 'neither an https'],
  ['http://user:Secret0@example.org/r.git', 'use https'],
  ['ssh://user:Secret0@example.org/r.git', 'use a key'],
  ['ext::sh -c Secret0', 'neither an https'],
  ['--upload-pack=Secret0', 'neither an https'],
  ['Secret0/relative', 'neither an https'],
])('the address %s is refused without being repeated', (remote, hint) => {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
  let thrown: unknown
  try {
    createGitSource({ remote, stateDirectory: '/nowhere', projectDirectory: '/nowhere', limit: 1_000, log })
  } catch (error) {
    thrown = error
  }
  expect(thrown).toMatchObject({ code: 'invalid_settings', message: expect.stringContaining(hint) })
  expect(inspect(thrown, { depth: Infinity, showHidden: true }).split('\n')[0]).not.toContain('Secret0')
})

function expectNoSecret(text: string, secret: string): void {
  expect(text).not.toBe('')
  for (const form of [secret, encodeURIComponent(secret), Buffer.from(`x-access-token:${secret}`).toString('base64'), Buffer.from(`me:${secret}`).toString('base64')]) {
    expect(text.includes(form), `${form} in ${text}`).toBe(false)
  }
}

async function everythingIn(directory: string): Promise<string> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return (await Promise.all(files.map((path) => readFile(path, 'latin1')))).join('\n')
}
