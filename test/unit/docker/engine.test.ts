import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type Docker from 'dockerode'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { connectEngine } from '../../../src/docker/engine.ts'
import { UpdaterError } from '../../../src/rollout/errors.ts'
import { errorOf, limit, makeProject, release } from './project.ts'

/** Starts a child of its own, tells its process id, and ends neither. */
const hang = `
const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' })
require('node:fs').writeFileSync('grandchild', String(child.pid))
setInterval(() => {}, 1000)
`

/** A zombie is dead: not every init reaps orphans. */
function isDead(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return true // no such process
  }
}

/** An engine that answers every call in one way. */
async function engineAt(path: string, answer: Parameters<typeof createServer>[1] & object): Promise<Server> {
  const server = createServer(answer)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  server.listen(path)
  await once(server, 'listening')
  return server
}

describe('an engine that does not do its part', () => {
  it('is told to be unreachable, with its address, when there is none', async () => {
    const project = await makeProject()
    const error = await errorOf(project.runtime().containers(['bot'], limit()))
    expect(error).toMatchObject({ code: 'engine_unreachable', message: expect.stringContaining('no-engine.sock') })
  })

  it('is told to be unreachable when it hangs up', async () => {
    const project = await makeProject()
    await engineAt(join(project.root, 'no-engine.sock'), (request) => request.socket.destroy())
    await expect(project.runtime().containers(['bot'], limit())).rejects.toMatchObject({ code: 'engine_unreachable' })
  })

  it('is told in its own words when it refuses', async () => {
    const project = await makeProject()
    await engineAt(join(project.root, 'no-engine.sock'), (_, response) => response.writeHead(500).end('{"message":"no space left on device"}'))
    const error = await errorOf(project.runtime().containers(['bot'], limit()))
    expect(error).toMatchObject({ code: 'engine_failed', message: 'Docker could not list the containers: no space left on device.' })
  })

  it('is waited for no longer than the limit, which the error names', async () => {
    const project = await makeProject()
    await engineAt(join(project.root, 'no-engine.sock'), () => undefined)
    const error = await errorOf(project.runtime({ engineCall: 50 }).containers(['bot'], limit()))
    expect(error).toMatchObject({ code: 'limit_exceeded', message: expect.stringMatching(/0\.05 s \(limits\.engineCall\)/) })
  })

  it('is hung up on when the limit is reached, also in a call that dockerode cannot end', async () => {
    const path = join((await makeProject()).root, 'no-engine.sock')
    const server = await engineAt(path, () => undefined)
    let open = 0
    server.on('connection', (socket) => {
      open += 1
      socket.on('close', () => { open -= 1 })
    })
    const calls = [(docker: Docker) => docker.info(), (docker: Docker) => docker.getImage('bot').inspect()]
    for (const call of calls) {
      const error = await errorOf(connectEngine(`unix://${path}`, 50).call('answer', limit(), call))
      expect(error).toMatchObject({ code: 'limit_exceeded' })
    }
    await vi.waitUntil(() => open === 0, { timeout: 5_000, interval: 10 })
  })

  it('is not waited for once the caller gives up', async () => {
    const project = await makeProject()
    await engineAt(join(project.root, 'no-engine.sock'), () => undefined)
    const reason = new UpdaterError('shutting_down', 'The updater is leaving.')
    expect(await errorOf(project.runtime().containers(['bot'], AbortSignal.any([AbortSignal.timeout(50), AbortSignal.abort(reason)])))).toBe(reason)
    const cancel = new AbortController()
    const waiting = errorOf(project.runtime().logs('id', 5, cancel.signal))
    cancel.abort(reason)
    expect(await waiting).toBe(reason)
  })

  it('leaves the end of a container unseen, not taken for granted', async () => {
    const project = await makeProject()
    await engineAt(join(project.root, 'no-engine.sock'), (request) => request.socket.destroy())
    const error = await errorOf(project.runtime({ engineCall: 100 }).stop('f'.repeat(64), 50, limit()))
    expect(error).toMatchObject({ code: 'exit_unseen', message: expect.stringContaining('It counts as running') })
  })

  it('is refused as an address where it is none of ours', async () => {
    const project = await makeProject()
    expect(() => project.runtime({ dockerHost: 'ssh://host' })).toThrow(/unix:\/\//)
  })
})

describe('a compose command that does not do its part', () => {
  it('is ended with all that it started when the limit is reached', async () => {
    const project = await makeProject()
    await project.write('checkout', { 'docker-compose.yml': 'services: {}' })
    await project.write('root', { 'hang.cjs': hang })
    const runtime = project.runtime({ composeCommand: [process.execPath, join(project.root, 'hang.cjs')], composeCall: 1_000 })
    const error = await errorOf(runtime.missingImages(release, ['bot'], limit()))
    expect(error).toMatchObject({ code: 'limit_exceeded', message: expect.stringContaining('hang.cjs') })
    const grandchild = Number(await readFile(join(project.directory, 'grandchild'), 'utf8'))
    await vi.waitUntil(() => isDead(grandchild), { timeout: 5_000, interval: 10 })
  })

  it('is named when it is not installed', async () => {
    const project = await makeProject()
    await project.write('checkout', { 'docker-compose.yml': 'services: {}' })
    const error = await errorOf(project.runtime({ composeCommand: ['no-such-compose'] }).missingImages(release, ['bot'], limit()))
    expect(error).toMatchObject({ code: 'compose_failed', message: expect.stringContaining('no-such-compose') })
  })
})
