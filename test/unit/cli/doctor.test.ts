import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { doctor } from '../../../src/cli/doctor.ts'
import { good, serving, type Asked } from './server.ts'

const secret = 'q0Vb8sYt2mKx7PzR4wNc9LfHdJ6gTu1A'
const checks = [...good.checks, { id: 'reload', verdict: 'not_checked', found: 'It was not tried.', advice: null }]
const told = { status: 200, body: JSON.stringify({ ...good, checks }) }
const limits = { written: 10_000, told: 10_000, own: 10_000 }

/** An installation of plain processes in which nothing runs. */
async function nothingRuns(): Promise<Record<string, string>> {
  const directory = await mkdtemp(join(tmpdir(), 'zeth-doctor-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  await writeFile(join(directory, 'updater.yml'), `runtime: { kind: sandbox, directory: ${join(directory, 'sandbox')} }\n`)
  return {
    PATH: process.env['PATH'] ?? '', PROJECT_DIR: directory, UPDATER_CONFIG: join(directory, 'updater.yml'), UPDATER_STATE_PATH: join(directory, 'state/updater-state.json'),
    UPDATER_TRAEFIK_DYNAMIC_PATH: join(directory, 'state/traefik/dynamic/updater-routes.yml'), UPDATER_SECRET: secret,
  }
}

const ask = async (url: string, changes: { readOnly?: boolean; written?: number } = {}) =>
  doctor({ json: false, readOnly: changes.readOnly ?? false, url }, await nothingRuns(), { ...limits, ...(changes.written !== undefined && { written: changes.written }) })
const methods = (asked: readonly Asked[]) => asked.map(({ method }) => method)

test('the updater is asked with the secret of its settings, new routes included', async () => {
  const { url, asked } = await serving(200, () => told)
  expect(await ask(url)).toMatchObject({ by: 'updater', told: true, serving: { color: 'blue', release: 'v1.0.0' } })
  expect(asked).toEqual([{ method: 'POST', secret }])
})

test('nothing is written where that is not wanted', async () => {
  const { url, asked } = await serving(200, () => told)
  await ask(url, { readOnly: true })
  expect(methods(asked)).toEqual(['GET'])
})

test('what keeps new routes from being written is told, and the rest is looked at all the same', async () => {
  const { url, asked } = await serving(200, ({ method }) => (method === 'POST' ? { status: 409, body: JSON.stringify({ code: 'in_progress', error: 'An operation is already in progress.' }) } : told))
  const { findings } = await ask(url)
  expect(findings.find(({ check }) => check === 'reload')).toMatchObject({ verdict: 'not_checked', found: 'An operation is already in progress.' })
  expect(methods(asked)).toEqual(['POST', 'GET'])
})

test('an updater that is too busy with the stack to write routes is still asked what it sees', async () => {
  const { url } = await serving(200, ({ method }) => (method === 'POST' ? null : told))
  const { by, findings } = await ask(url, { written: 100 })
  expect(by).toBe('updater')
  expect(findings.find(({ check }) => check === 'reload')).toMatchObject({ verdict: 'not_checked', found: expect.stringContaining('timeout') })
})

test('an updater that would not tell leaves much unknown; it is looked as far as can be seen', async () => {
  const { url, asked } = await serving(429, JSON.stringify({ code: 'too_many_attempts', error: 'Too many wrong secrets from 127.0.0.1; try again in 60 s.' }))
  const diagnosis = await ask(url)
  expect(diagnosis).toMatchObject({ by: 'here', told: false })
  expect(diagnosis.findings[0]).toMatchObject({ check: 'updater', verdict: 'not_checked', found: expect.stringContaining('Too many wrong secrets') })
  expect(methods(asked)).toEqual(['POST'])
})

test('where nobody answers it is looked as far as can be seen, and what is not there is told', async () => {
  const diagnosis = await ask('http://127.0.0.1:9')
  expect(diagnosis).toMatchObject({ by: 'here', told: true, serving: { color: null, release: null } })
  const verdicts = Object.fromEntries(diagnosis.findings.map(({ check, verdict }) => [check, verdict]))
  expect(verdicts).toMatchObject({ updater: 'wrong', state_disk: 'wrong', routes_place: 'wrong', record: 'warning', secret: 'ok', engine: 'not_checked', remote: 'not_checked' })
})

test('settings that cannot be used are told, and nothing else can be', async () => {
  const environment = { ...(await nothingRuns()), UPDATER_STATE_PATH: 'not/absolute', UPDATER_PORT: 'http' }
  const { url, findings } = await doctor({ json: false, readOnly: false, url: null }, environment, limits)
  expect(url).toBeNull()
  expect(findings).toMatchObject([{ check: 'updater', verdict: 'wrong' }, { check: 'settings', verdict: 'wrong', found: expect.stringContaining('UPDATER_STATE_PATH must be an absolute path') }])
})
