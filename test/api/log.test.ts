import { Writable } from 'node:stream'
import pino from 'pino'
import { describe, expect, it } from 'vitest'
import { freshApi, secret } from './api.ts'
import { fakeUpdater, idleStatus } from './fake-updater.ts'

/** A logger at the finest level, and every line it wrote. */
function listening() {
  const lines: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  return { log: pino({ level: 'trace' }, stream), lines }
}

describe('the log', () => {
  it('tells of each call what it was and how it ended', async () => {
    const { log, lines } = listening()
    await freshApi({ log, updater: fakeUpdater({ status: () => idleStatus }) }).inject({ url: '/status', headers: { 'x-updater-secret': secret } })
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ method: 'GET', path: '/status', status: 200, remote: '127.0.0.1' })
  })

  it('never holds a secret, wherever a caller put it', async () => {
    const { log, lines } = listening()
    const app = freshApi({ log, updater: fakeUpdater() })
    const hidden = 'a-secret-of-the-caller'
    await app.inject({ url: `/status?secret=${hidden}`, headers: { 'x-updater-secret': hidden } })
    await app.inject({ url: '/status', headers: { authorization: `Bearer ${hidden}`, cookie: hidden } })
    await app.inject({ method: 'POST', url: '/update/apply', headers: { 'x-updater-secret': secret }, payload: `{"token":"${hidden}"` })
    await app.inject({ method: 'POST', url: '/update/apply', headers: { 'x-updater-secret': secret }, payload: { tag: 'v1.0.0', version: '1.0.0', token: hidden } })
    expect(lines.length).toBeGreaterThan(4)
    expect(lines.join('')).not.toContain(hidden)
    expect(lines.join('')).not.toContain(secret)
  })

  it('holds the whole of an error that nobody foresaw', async () => {
    const { log, lines } = listening()
    await freshApi({ log }).inject({ url: '/status', headers: { 'x-updater-secret': secret } })
    expect(lines.join('')).toContain('the test did not model status')
  })
})
