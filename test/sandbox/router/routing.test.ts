import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import type { Topology } from '../../../src/rollout/topology.ts'
import { renderRoutes } from '../../../src/traefik/render.ts'
import { defaultTransportLimits } from '../../../src/traefik/transport-limits.ts'
import { type RouterWorld, makeRouterWorld, until } from './router-world.ts'

const topology: Topology = {
  groups: [{ name: 'skills', services: { blue: 'skills-b', green: 'skills-g' }, port: 8080, healthPath: '/health', entryPoint: 'skills', router: {} }],
  singletons: [],
}
const rendered = (active: 'blue' | 'green', generation: string): string => renderRoutes({ active, generation, sequence: 7, topology }, defaultTransportLimits)

describe('the sandbox router', () => {
  let world: RouterWorld

  beforeEach(async () => {
    world = await makeRouterWorld(rendered('blue', 'first'))
    for (const name of ['skills-b', 'skills-g']) {
      await world.addBackend(name, (request, response) => {
        const chunks: Buffer[] = []
        request.on('data', (chunk: Buffer) => chunks.push(chunk))
        request.on('end', () => {
          response.setHeader('X-Updater-Generation', 'a lie')
          response.setHeader('Set-Cookie', ['a=1', 'b=2'])
          response.end(JSON.stringify({ name, method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() }))
        })
      })
    }
    await until('the backends to be known', async () => ((await fetch(world.url('skills', '/'))).ok ? true : undefined))
  })
  afterEach(async () => {
    await world.close()
  })

  it('serves the active color of the very file that the updater writes, with its stamp over the backend\'s own', async () => {
    const answer = await fetch(world.url('skills', '/skills?x=1&y=%2F'))
    expect([answer.status, answer.headers.get('x-updater-generation')]).toEqual([200, 'first'])
    expect(await answer.json()).toMatchObject({ name: 'skills-b', url: '/skills?x=1&y=%2F' })
  })

  it('previews both colors on the internal entry point, without the prefix', async () => {
    for (const [color, name] of [['blue', 'skills-b'], ['green', 'skills-g']] as const) {
      const answer = await fetch(world.url('internal', `/preview/skills/${color}/health?a=b`))
      expect(answer.headers.get('x-updater-generation')).toBe('first')
      expect(await answer.json()).toMatchObject({ name, url: '/health?a=b', headers: { 'x-forwarded-prefix': `/preview/skills/${color}` } })
    }
    expect((await fetch(world.url('skills', '/preview/skills/green/health')).then((answer) => answer.json()))).toMatchObject({ name: 'skills-b' })
  })

  it('answers 404 without a stamp where no route is', async () => {
    for (const [entryPoint, path] of [['internal', '/health'], ['api', '/']] as const) {
      const answer = await fetch(world.url(entryPoint, path))
      expect([answer.status, answer.headers.get('x-updater-generation')]).toEqual([404, null])
    }
  })

  it('answers 502 with the stamp when the backend refuses, and does not dial twice', async () => {
    await world.endBackend('skills-b')
    const answer = await fetch(world.url('skills', '/'), { method: 'POST', body: 'x' })
    expect([answer.status, answer.headers.get('x-updater-generation')]).toEqual([502, 'first'])
  })

  it('tells the backend who asked, and keeps what belongs to one hop', async () => {
    const answer = await fetch(world.url('skills', '/'), { headers: { 'x-forwarded-for': '10.1.2.3', te: 'trailers' } })
    const { headers } = Object(await answer.json())
    const host = new URL(world.url('skills', '/')).host
    expect(headers).toMatchObject({ host, 'x-forwarded-host': host, 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' })
    expect(headers).not.toHaveProperty('te')
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  })

  it('passes bodies on, of known and of unknown length', async () => {
    const text = 'x'.repeat(300_000)
    const known = await fetch(world.url('skills', '/'), { method: 'POST', body: text })
    expect(Object(await known.json()).body).toBe(text)
    const stream = new Blob([text]).stream()
    const unknown = await fetch(world.url('skills', '/'), { method: 'DELETE', body: stream, duplex: 'half' })
    expect(await unknown.json()).toMatchObject({ method: 'DELETE', body: text })
  })

  it('asks the longest rule first, and a priority before that', async () => {
    const route = (mark: string, priority: number): string => stringify({
      http: {
        routers: {
          all: { entryPoints: ['skills'], rule: 'PathPrefix(`/`)', service: 'blue', middlewares: ['mark'], priority },
          some: { entryPoints: ['skills'], rule: 'PathPrefix(`/some`)', service: 'green', middlewares: ['mark'] },
        },
        middlewares: { mark: { headers: { customResponseHeaders: { 'X-Mark': mark } } } },
        services: { blue: { loadBalancer: { servers: [{ url: 'http://skills-b:8080' }] } }, green: { loadBalancer: { servers: [{ url: 'http://skills-g:8080' }] } } },
      },
    })
    const served = (mark: string, path: string): Promise<unknown> => until(`the routes ${mark}`, async () => {
      const answer = await fetch(world.url('skills', path))
      return answer.headers.get('x-mark') === mark ? Object(await answer.json()).name : undefined
    })
    await world.write(route('by length', 0))
    expect([await served('by length', '/other'), await served('by length', '/some/where')]).toEqual(['skills-b', 'skills-g'])
    await world.write(route('by priority', 1_000))
    expect([await served('by priority', '/other'), await served('by priority', '/some/where')]).toEqual(['skills-b', 'skills-b'])
  })

  it('dials again only where a retry is configured', async () => {
    const route = (middlewares: readonly string[]): string => stringify({
      http: {
        routers: { skills: { entryPoints: ['skills'], rule: 'PathPrefix(`/`)', service: 'both', ...(middlewares.length > 0 && { middlewares }) } },
        middlewares: { again: { retry: { attempts: 2 } }, mark: { headers: { customResponseHeaders: { 'X-Retry': middlewares.join() || 'none' } } } },
        services: { both: { loadBalancer: { servers: [{ url: 'http://skills-b:8080' }, { url: 'http://skills-g:8080' }] } } },
      },
    })
    await world.endBackend('skills-b')
    const statuses = async (): Promise<number[]> => {
      const answers: number[] = []
      for (let call = 0; call < 4; call += 1) answers.push((await fetch(world.url('skills', '/'), { method: 'POST', body: 'once' })).status)
      return answers
    }
    await world.write(route(['mark', 'again']))
    await until('the new routes', async () => ((await fetch(world.url('skills', '/'))).headers.get('x-retry') === 'mark,again' ? true : undefined))
    expect(await statuses()).toEqual([200, 200, 200, 200])
    await world.write(route(['mark']))
    await until('the new routes', async () => ((await fetch(world.url('skills', '/'))).headers.get('x-retry') === 'mark' ? true : undefined))
    expect((await statuses()).sort((a, b) => a - b)).toEqual([200, 200, 502, 502])
  })
})
