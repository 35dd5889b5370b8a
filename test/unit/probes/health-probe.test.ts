import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHealthProbe } from '../../../src/probes/health-probe.ts'
import type { HealthProbeOptions } from '../../../src/probes/health-probe.ts'
import type { Container } from '../../../src/rollout/model.ts'
import { startAnsweringServer } from '../../contract/health-probe/answering-server.ts'
import type { AnsweringServer } from '../../contract/health-probe/answering-server.ts'
import { groupOf } from '../../contract/traffic-router/topologies.ts'

const never = new AbortController().signal
const group = groupOf('skills', 8080)

describe('the HTTP probe', () => {
  let server: AnsweringServer
  beforeEach(async () => {
    server = await startAnsweringServer()
  })
  afterEach(() => server.close())

  const probeWith = (options: Partial<HealthProbeOptions> = {}) =>
    createHealthProbe({ entryPoints: { skills: server.url }, preview: null, healthUrls: [], limit: 300, ...options })
  const containerOf = (changes: Partial<Container> = {}): Container => ({
    id: 'c1', service: group.services.blue, state: 'running', health: 'none', imageId: 'i', commit: null, address: '127.0.0.1',
    ports: { 8080: server.port }, restarts: 0, exitCode: null, startedAt: null, ...changes,
  })

  test('asks the health path at the container\'s address and mapped port', async () => {
    expect(await probeWith().direct(containerOf(), group, never)).toEqual({ healthy: true, status: 200, stamp: null, detail: '200 OK' })
    expect(server.requests[0]?.url).toBe('/health')
  })

  test('asks the group\'s own port where none is mapped', async () => {
    const answer = await probeWith().direct(containerOf({ ports: {} }), { ...group, port: server.port }, never)
    expect(answer.healthy).toBe(true)
  })

  test('a URL of HEALTH_URLS replaces the address of the service that is its host name', async () => {
    const service = 'localhost'
    const local = groupOf('skills', 8080, { services: { blue: service, green: 'other' } })
    const probe = probeWith({ healthUrls: [`http://${service}:${server.port}/ready?full=1`, 'http://unrelated:1/'] })
    expect((await probe.direct(containerOf({ service, address: null }), local, never)).healthy).toBe(true)
    expect(server.requests[0]?.url).toBe('/ready?full=1')
    expect((await probe.direct(containerOf({ service: 'other', address: null }), local, never)).healthy).toBe(false)
  })

  test('has no preview where Traefik has no internal entry point', async () => {
    expect(await probeWith().preview(group, 'green', never)).toBeNull()
  })

  test('an entry point without an address is not healthy and is named', async () => {
    const answer = await probeWith({ entryPoints: {} }).routed(group, never)
    expect(answer).toMatchObject({ healthy: false, detail: 'no address is set for entry point skills' })
  })

  test('asks with the host name that the router\'s rule wants', async () => {
    await probeWith().routed(groupOf('skills', 8080, { router: { rule: 'Host(`skills.example`) && PathPrefix(`/`)' } }), never)
    expect(server.requests[0]?.headers.host).toBe('skills.example')
  })

  test('does not follow a redirect', async () => {
    server.answer((_request, response) => response.writeHead(302, { location: '/elsewhere' }).end())
    expect(await probeWith().routed(group, never)).toMatchObject({ healthy: false, status: 302, detail: '302 Found' })
    expect(server.requests).toHaveLength(1)
  })

  test('opens a connection of its own for every question', async () => {
    const probe = probeWith()
    for (let n = 0; n < 3; n += 1) await probe.routed(group, never)
    expect(server.connections()).toBe(3)
  })

  test('an endless body is read to its bound only', async () => {
    let sent = 0
    server.answer((_request, response) => {
      const chunk = 'x'.repeat(16 * 1024)
      const pump = () => {
        while (!response.destroyed && response.write(chunk)) sent += chunk.length
      }
      response.on('drain', pump)
      pump()
    })
    expect(await probeWith({ limit: 5_000 }).routed(group, never)).toMatchObject({ healthy: true, status: 200 })
    // What the socket buffers took beside the 64 KiB.
    expect(sent).toBeLessThan(16 * 1024 * 1024)
  })

  test('a body that never ends within the limit is no answer', async () => {
    server.answer((_request, response) => response.write('{'))
    expect(await probeWith().routed(group, never)).toMatchObject({ healthy: false, status: null, detail: 'no whole answer within 300 ms' })
  })

  test('a body that breaks off is no answer', async () => {
    server.answer((_request, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{', () => response.destroy())
    })
    expect(await probeWith().routed(group, never)).toMatchObject({ healthy: false, detail: 'the connection was closed before the answer ended' })
  })

  test('a refused connection and an unknown host are told in words', async () => {
    const { url } = server
    await server.close()
    expect(await probeWith({ entryPoints: { skills: url } }).routed(group, never)).toMatchObject({ detail: 'connection refused' })
    expect(await probeWith({ entryPoints: { skills: 'http://no-such-host.invalid' } }).routed(group, never)).toMatchObject({ detail: expect.stringContaining('host name not known') })
  })

  test('an aborted signal ends the question before it is asked', async () => {
    const reason = new Error('over')
    for (const asked of [probeWith().routed(group, AbortSignal.abort(reason)), probeWith().direct(containerOf({ address: null }), group, AbortSignal.abort(reason))]) {
      await expect(asked).rejects.toBe(reason)
    }
    expect(server.requests).toHaveLength(0)
  })
})
