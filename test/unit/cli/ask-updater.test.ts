import { expect, test } from 'vitest'
import { askUpdater } from '../../../src/cli/ask-updater.ts'
import { good, serving } from './server.ts'

const ask = (url: string, method: 'GET' | 'POST' = 'GET') => askUpdater(url, 'the-secret', method, AbortSignal.timeout(10_000))

test('what the updater tells is taken over, and it is asked with the secret', async () => {
  const { url, asked } = await serving(200, JSON.stringify({ ...good, more: 1 }))
  expect(await ask(url, 'POST')).toEqual({
    kind: 'told', findings: [{ check: 'engine', verdict: 'ok', found: 'It answers.', advice: null }], serving: { color: 'blue', release: 'v1.0.0', pauseReason: null },
  })
  expect(asked).toEqual([{ method: 'POST', secret: 'the-secret' }])
})

test('a check that this version does not know is left out', async () => {
  const { url } = await serving(200, JSON.stringify({ ...good, checks: [...good.checks, { id: 'moon_phase', verdict: 'ok', found: 'It is full.', advice: null }] }))
  expect(await ask(url)).toMatchObject({ kind: 'told', findings: [{ check: 'engine' }] })
})

test('a refusal is told with its code and reason', async () => {
  const { url } = await serving(423, JSON.stringify({ code: 'in_maintenance', error: 'Somebody works on it.', status: 423 }))
  expect(await ask(url)).toEqual({ kind: 'refused', code: 'in_maintenance', why: 'Somebody works on it.' })
})

test.each([[200, 'hello'], [200, '{"checks": 1}'], [502, '<html>'], [404, '{}']])('an answer %i %s is none of an updater of this version', async (status, body) => {
  const { url } = await serving(status, body)
  expect(await ask(url)).toMatchObject({ kind: 'refused', code: 'not_understood', why: expect.stringContaining(`HTTP ${status}`) })
})

test('the secret is not carried on to where an answer points', async () => {
  const other = await serving(200, JSON.stringify(good))
  const { url } = await serving(302, '', { location: `${other.url}/diagnostics` })
  expect(await ask(url)).toMatchObject({ kind: 'silent' })
  expect(other.asked).toEqual([])
})

test('a secret that no header can carry is told without any of it', async () => {
  const { url, asked } = await serving(200, JSON.stringify(good))
  const reply = await askUpdater(url, 'hunter2\nhunter3', 'GET', AbortSignal.timeout(10_000))
  expect(reply).toMatchObject({ kind: 'refused', why: expect.stringContaining('no header can carry') })
  expect(JSON.stringify(reply)).not.toContain('hunter')
  expect(asked).toEqual([])
})

test('where nobody listens, that is told', async () => {
  expect(await ask('http://127.0.0.1:1')).toEqual({ kind: 'silent', why: expect.stringMatching(/ECONNREFUSED|bad port/) })
})
