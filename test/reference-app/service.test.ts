import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { Agent, get } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { isHealthy } from '../../reference-app/src/healthcheck.js'
import { startHttpService } from '../../reference-app/src/service/http-service.js'
import { createLog } from '../../reference-app/src/service/log.js'
import { eventually, SKILLS_SECRET, spawnProgram, startProgram, temporaryDirectory } from './program.ts'
import { signedFetch } from './signed-fetch.ts'

const COMMIT = 'c0ffee'.repeat(6) + 'c0ff'

async function releaseFile(): Promise<string> {
  const file = join(await temporaryDirectory(), 'release.json')
  await writeFile(file, JSON.stringify({ version: '1.2.0', commit: COMMIT }))
  return file
}

describe('every service', () => {
  test.each(['skills', 'api'] as const)('%s tells on /health that it is healthy and which release it is', async (name) => {
    const service = await startProgram(name, { RELEASE_FILE: await releaseFile() })
    const answer = await fetch(`${service.url}/health`)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({ status: 'healthy', service: name, release: { version: '1.2.0', commit: COMMIT } })
    expect(await isHealthy(`${service.url}/health`)).toBe(true)
    expect(await isHealthy(`${service.url}/nothing`)).toBe(false)
  })

  test.each(['skills', 'api'] as const)('%s exits with 0 on SIGTERM and accepts nothing more', async (name) => {
    const service = await startProgram(name)
    service.kill('SIGTERM')
    expect(await service.exit).toBe(0)
    expect(await isHealthy(`${service.url}/health`)).toBe(false)
  })

  test('says what is wrong with a call', async () => {
    const api = await startProgram('api')
    const wrongMethod = await fetch(`${api.url}/v1/ping`, { method: 'POST' })
    expect([wrongMethod.status, wrongMethod.headers.get('allow')]).toEqual([405, 'GET'])
    const nothing = await fetch(`${api.url}/v2/ping`)
    expect([nothing.status, await nothing.json()]).toEqual([404, { error: 'there is no /v2/ping' }])
    const large = await fetch(`${api.url}/v1/ping`, { method: 'POST', body: 'x'.repeat(70_000) })
    expect([large.status, await large.json()]).toEqual([413, { error: 'the body is larger than 65536 bytes' }])
  })

  test('the api answers a ping with its release', async () => {
    const api = await startProgram('api', { RELEASE_FILE: await releaseFile() })
    const answer = await fetch(`${api.url}/v1/ping`)
    expect(await answer.json()).toEqual({ pong: true, release: { version: '1.2.0', commit: COMMIT } })
  })
})

test('a request that does not end is cut off when the time for leaving is over', async () => {
  let asked = false
  const service = await startHttpService({
    service: 'stuck', host: '127.0.0.1', port: 0, release: { version: '1.2.0', commit: COMMIT }, log: createLog('stuck', () => undefined),
    healthy: () => true, finishMs: 100,
    routes: {
      'GET /stuck': ({ signal }) => {
        asked = true
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      },
    },
  })
  const stuck = fetch(`http://127.0.0.1:${service.port}/stuck`).then(() => 'answered', () => 'cut off')
  await eventually(() => asked)
  await service.close()
  expect(await stuck).toBe('cut off')
})

test('the health check program exits with 0 for a good answer, 1 for any other, 2 without a URL', async () => {
  const api = await startProgram('api')
  const program = fileURLToPath(new URL('../../reference-app/src/healthcheck.js', import.meta.url))
  const codeOf = (...args: string[]) => once(spawn(process.execPath, [program, ...args], { stdio: 'ignore' }), 'exit').then(([code]) => Number(code))
  expect(await Promise.all([codeOf(`${api.url}/health`), codeOf(`${api.url}/nothing`), codeOf()])).toEqual([0, 1, 2])
})

describe('skills', () => {
  test('finishes a slow request after SIGTERM, tells the caller to connect anew, and refuses new connections meanwhile', async () => {
    const skills = await startProgram('skills')
    const slow = signedFetch(`${skills.url}/slow?ms=700`)
    await eventually(() => skills.log.find((line) => line.message === 'a slow call waits'))
    skills.kill('SIGTERM')
    await eventually(() => skills.log.find((line) => line.message === 'stopping'))
    expect(await isHealthy(`${skills.url}/health`)).toBe(false)

    const answer = await slow
    expect([answer.status, await answer.json()]).toEqual([200, { waited_ms: 700 }])
    expect(answer.headers.get('connection')).toBe('close')
    expect(await skills.exit).toBe(0)
  })

  test('ends although a client keeps an idle connection', async () => {
    const skills = await startProgram('skills')
    const agent = new Agent({ keepAlive: true })
    onTestFinished(() => agent.destroy())
    const [response] = await once(get(`${skills.url}/health`, { agent }), 'response')
    expect(response.headers['keep-alive']).toBe('timeout=120')
    response.resume()
    await once(response, 'end')
    skills.kill('SIGTERM')
    expect(await skills.exit).toBe(0)
  })

  test.each(['', '?ms=', '?ms=x', '?ms=-1', '?ms=1.5', '?ms=30001'])('refuses /slow%s', async (query) => {
    const skills = await startProgram('skills')
    const answer = await signedFetch(`${skills.url}/slow${query}`)
    expect([answer.status, await answer.json()]).toEqual([400, { error: 'ms must be a whole number from 0 to 30000' }])
  })

  test('limits echoes as its setting says', async () => {
    const skills = await startProgram('skills', { SKILLS_ECHO_BYTES: '10' })
    const echo = (body: string) => signedFetch(`${skills.url}/skills/echo`, { method: 'POST', body })
    expect((await echo('"12345678"')).status).toBe(200)
    expect((await echo('"123456789"')).status).toBe(413)
    expect((await echo('{')).status).toBe(400)
    const list = await signedFetch(`${skills.url}/skills`)
    expect(await list.json()).toMatchObject({ limits: { echo_bytes: 10 } })
  })

  test('reads its secret from a file', async () => {
    const file = join(await temporaryDirectory(), 'secret')
    await writeFile(file, `${SKILLS_SECRET}\n`)
    const skills = await startProgram('skills', { SKILLS_API_SECRET: '', SKILLS_API_SECRET_FILE: file })
    expect((await signedFetch(`${skills.url}/skills`)).status).toBe(200)
  })

  test.each([
    ['no secret', { SKILLS_API_SECRET: '' }, 'SKILLS_API_SECRET or SKILLS_API_SECRET_FILE must be set'],
    ['a port that is none', { SKILLS_PORT: '80a' }, 'SKILLS_PORT must be a whole number from 0 to 65535, but is "80a"'],
    ['an echo limit of zero', { SKILLS_ECHO_BYTES: '0' }, 'SKILLS_ECHO_BYTES must be a whole number'],
  ])('does not start with %s, and says so', async (_, env, sentence) => {
    const skills = spawnProgram('skills', env)
    expect(await skills.exit).toBe(1)
    expect(skills.log.at(-1)).toMatchObject({ level: 'error', message: 'ended', error: expect.stringContaining(sentence) })
  })
})
