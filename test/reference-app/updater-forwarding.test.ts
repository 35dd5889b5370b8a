import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { eventually, startProgram, temporaryDirectory } from './program.ts'
import { signedFetch } from './signed-fetch.ts'

interface SeenCall {
  readonly call: string
  readonly secret: string | string[] | undefined
  readonly body: string
}

type Reply = (response: ServerResponse, request: IncomingMessage) => void

/** An updater that notes each call and replies as told. */
async function startUpdater(reply: Reply) {
  const seen: SeenCall[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      seen.push({ call: `${request.method} ${request.url}`, secret: request.headers['x-updater-secret'], body })
      reply(response, request)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { url: `http://127.0.0.1:${address.port}`, seen }
}

async function startSkillsFor(updaterUrl: string) {
  const secretPath = join(await temporaryDirectory(), '.updater-secret')
  await writeFile(secretPath, 'first\n')
  const skills = await startProgram('skills', { UPDATER_URL: updaterUrl, UPDATER_SECRET_PATH: secretPath })
  return { skills, secretPath }
}

const json = (status: number, body: unknown): Reply => (response) => {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
}

test.each([
  ['POST /update/apply', 'POST /update/apply', '{"tag":"v1.2.0","version":"1.2.0"}'],
  ['POST /update/rollback', 'POST /update/rollback', `{"previous_sha":"${'a'.repeat(40)}"}`],
  ['POST /update/pause', 'POST /update/pause', '{"reason":"lunch"}'],
  ['POST /update/cancel', 'POST /update/cancel', undefined],
  ['GET /update/status', 'GET /status', undefined],
  ['GET /update/history', 'GET /update/history', undefined],
])('skills hands %s on to the updater as %s, with the shared secret', async (call, forwarded, body) => {
  const updater = await startUpdater(json(200, { done: call }))
  const { skills } = await startSkillsFor(updater.url)
  const [method = '', path = ''] = call.split(' ')
  const answer = await signedFetch(skills.url + path, { method, ...(body === undefined ? {} : { body }) })
  expect([answer.status, await answer.json()]).toEqual([200, { done: call }])
  expect(updater.seen).toEqual([{ call: forwarded, secret: 'first', body: body ?? '' }])
})

test('skills unpauses for nobody: the bot signs its calls as well as anybody, and a pause is the operator\'s to clear', async () => {
  const updater = await startUpdater(json(200, { resumed: true }))
  const { skills } = await startSkillsFor(updater.url)
  expect((await signedFetch(`${skills.url}/update/unpause`, { method: 'POST' })).status).toBe(404)
  expect(updater.seen).toEqual([])
})

test('status, body and content type of a refusal pass through unchanged', async () => {
  const problem = JSON.stringify({ error: 'rollouts are paused: the bot failed', status: 423 })
  const updater = await startUpdater((response) => {
    response.writeHead(423, { 'Content-Type': 'application/problem+json' }).end(problem)
  })
  const { skills } = await startSkillsFor(updater.url)
  const answer = await signedFetch(`${skills.url}/update/apply`, { method: 'POST', body: '{}' })
  expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([423, 'application/problem+json', problem])
})

test('an asynchronous apply is asked for, and its location told', async () => {
  const updater = await startUpdater((response, request) => {
    response.writeHead(202, { Location: `/operations/${String(request.headers.prefer)}` }).end('{}')
  })
  const { skills } = await startSkillsFor(updater.url)
  const answer = await signedFetch(`${skills.url}/update/apply`, { method: 'POST', body: '{}', headers: { Prefer: 'respond-async' } })
  expect([answer.status, answer.headers.get('location')]).toEqual([202, '/operations/respond-async'])
})

test('a rotated secret is used from the next call on', async () => {
  const updater = await startUpdater(json(200, {}))
  const { skills, secretPath } = await startSkillsFor(updater.url)
  await signedFetch(`${skills.url}/update/status`)
  await writeFile(secretPath, 'second')
  await signedFetch(`${skills.url}/update/status`)
  expect(updater.seen.map((call) => call.secret)).toEqual(['first', 'second'])
})

test('an updater that is down, or a secret that is missing or empty, is told and leaves skills healthy', async () => {
  const { skills, secretPath } = await startSkillsFor('http://127.0.0.1:1')
  const status = () => signedFetch(`${skills.url}/update/status`)
  const down = await status()
  expect([down.status, await down.json()]).toEqual([502, { error: expect.stringContaining('gave no answer to GET /status: connect ECONNREFUSED') }])
  await writeFile(secretPath, '')
  expect((await status()).status).toBe(503)
  await rm(secretPath)
  const missing = await status()
  expect([missing.status, await missing.json()]).toEqual([503, { error: expect.stringContaining('secret cannot be read: ENOENT') }])
  expect((await fetch(`${skills.url}/health`)).status).toBe(200)
})

test('skills that is retired while its own apply is in flight still gives the answer, and then exits', async () => {
  let finish: (() => void) | undefined
  const updater = await startUpdater((response) => {
    finish = () => response.end('{"status":"success"}')
  })
  const { skills } = await startSkillsFor(updater.url)
  const apply = signedFetch(`${skills.url}/update/apply`, { method: 'POST', body: '{"tag":"v1.1.0","version":"1.1.0"}' })
  const answerNow = await eventually(() => finish)
  skills.kill('SIGTERM')
  await eventually(() => skills.log.find((line) => line.message === 'stopping'))
  answerNow()
  const answer = await apply
  expect([answer.status, await answer.json()]).toEqual([200, { status: 'success' }])
  expect(await skills.exit).toBe(0)
})

test('the secret never shows in what skills logs', async () => {
  const { skills } = await startSkillsFor('http://127.0.0.1:1')
  await signedFetch(`${skills.url}/update/status`)
  skills.kill('SIGTERM')
  await skills.exit
  expect(skills.log.length).toBeGreaterThan(0)
  expect(JSON.stringify(skills.log)).not.toMatch(/first|a secret for tests/)
})
