import { readFile } from 'node:fs/promises'
import { assert, constantFrom, property, string } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { Routes } from '../../../src/rollout/model.ts'
import { createRoutesReader } from '../../../src/traefik/read-routes.ts'
import { renderRoutes } from '../../../src/traefik/render.ts'
import { defaultTransportLimits } from '../../../src/traefik/transport-limits.ts'
import { groupOf, todaysTopology } from '../../contract/traffic-router/topologies.ts'

const routesOf = (changes: Partial<Routes> = {}): Routes => ({
  active: 'blue', generation: 'gen-1', sequence: 4, topology: todaysTopology, ...changes,
})
const render = (changes: Partial<Routes> = {}) => renderRoutes(routesOf(changes), defaultTransportLimits)
const httpOf = (text: string) => parse(text).http
const withGroup = (changes: Parameters<typeof groupOf>[2]) => ({ topology: { groups: [groupOf('skills', 8080, changes)], singletons: [] } })

describe('the rendered routes file', () => {
  test('has the names that run today', () => {
    const http = httpOf(render({ active: 'green' }))
    expect(http.routers.skills).toMatchObject({ entryPoints: ['skills'], rule: 'PathPrefix(`/`)', service: 'skills-green' })
    expect(http.routers.api).toMatchObject({ entryPoints: ['api'], rule: 'PathPrefix(`/`)', service: 'api-green' })
    expect(http.services['skills-blue'].loadBalancer.servers).toEqual([{ url: 'http://zetherion-ai-skills-blue:8080' }])
    expect(http.services['api-green'].loadBalancer.servers).toEqual([{ url: 'http://zetherion-ai-api-green:8443' }])
  })

  test('stamps every router first of all, with this version\'s token', () => {
    const http = httpOf(render({ generation: 'tok' }))
    for (const router of Object.values<{ middlewares: string[] }>(http.routers)) expect(router.middlewares[0]).toBe('updater-generation')
    expect(http.middlewares['updater-generation'].headers.customResponseHeaders).toEqual({ 'X-Updater-Generation': 'tok' })
  })

  test('has a preview of both colors of each group, on the internal entry point only', () => {
    const http = httpOf(render())
    const previews = Object.entries<{ entryPoints: string[]; rule: string; service: string }>(http.routers).filter(([name]) => name.startsWith('preview-'))
    expect(previews.map(([name, router]) => [name, router.rule, router.service])).toEqual([
      ['preview-skills-blue', 'PathPrefix(`/preview/skills/blue`)', 'skills-blue'],
      ['preview-skills-green', 'PathPrefix(`/preview/skills/green`)', 'skills-green'],
      ['preview-api-blue', 'PathPrefix(`/preview/api/blue`)', 'api-blue'],
      ['preview-api-green', 'PathPrefix(`/preview/api/green`)', 'api-green'],
    ])
    for (const [name, router] of previews) {
      expect(router.entryPoints).toEqual(['internal'])
      expect(http.middlewares[name].stripPrefix.prefixes).toEqual([/`(.*)`/.exec(router.rule)?.[1]])
    }
  })

  test('a flip changes the routers\' services and the stamp, and nothing else', () => {
    const [before, after] = [httpOf(render({ active: 'blue' })), httpOf(render({ active: 'green' }))]
    expect(after.services).toEqual(before.services)
    expect(after.serversTransports).toEqual(before.serversTransports)
    expect(after.middlewares).toEqual(before.middlewares)
    expect(after.routers.skills).toEqual({ ...before.routers.skills, service: 'skills-green' })
  })

  test('closes idle connections before Node\'s servers do', () => {
    expect(httpOf(render()).serversTransports.updater.forwardingTimeouts).toEqual({ dialTimeout: '2000ms', idleConnTimeout: '4000ms' })
  })

  test('takes over the topology\'s router options, its middlewares after the stamp', () => {
    const router = { rule: 'Host(`a.example`) && PathPrefix(`/v1`)', priority: 9, middlewares: ['auth@file', 'gzip'], tls: { certResolver: 'le' } }
    expect(httpOf(render(withGroup({ router }))).routers.skills).toEqual({
      entryPoints: ['skills'], service: 'skills-blue', ...router, middlewares: ['updater-generation', 'auth@file', 'gzip'],
    })
  })

  test('is never an empty section, without groups either: Traefik would keep the old configuration', () => {
    const http = httpOf(render({ topology: { groups: [], singletons: [] } }))
    expect(Object.keys(http)).toEqual(['middlewares'])
    expect(http.middlewares).not.toEqual({})
  })

  test.each([
    ['a template in a rule', withGroup({ router: { rule: 'Host(`{{ env "SECRET" }}`)' } })],
    ['a template in tls', withGroup({ router: { tls: { options: '{{ 1 }}' } } })],
    ['a template as key of tls', withGroup({ router: { tls: { '{{ 1 }}': 1 } } })],
    ['a template in a middleware', withGroup({ router: { middlewares: ['{{x}}'] } })],
    ['a line break in a rule', withGroup({ router: { rule: 'Host(`a`)\n#' } })],
    ['an empty rule', withGroup({ router: { rule: ' ' } })],
    ['a path in a service', withGroup({ services: { blue: 'a/b', green: 'c' } })],
    ['credentials in a service', withGroup({ services: { blue: 'u:p@a', green: 'c' } })],
    ['a port beyond the range', withGroup({ port: 70_000 })],
    ['an entry point with a space', withGroup({ entryPoint: 'a b' })],
    ['a fractional priority', withGroup({ router: { priority: 1.5 } })],
    ['a group that looks like a preview', withGroup({ name: 'preview-x' })],
    ['a group name with a slash', withGroup({ name: 'a/b' })],
    ['the same group twice', { topology: { groups: [groupOf('a', 1), groupOf('a', 2)], singletons: [] } }],
    ['a generation that leaves its directory', { generation: '../x' }],
    ['a negative sequence number', { sequence: -1 }],
  ])('%s is refused, naming the field', (_name, changes) => {
    expect(() => render(changes)).toThrow(expect.objectContaining({ code: 'invalid_settings', message: expect.stringMatching(/cannot carry this .+: .+;/) }))
  })

  test('whatever text comes in, the file is refused or read back as it was meant, without a template', () => {
    const text = string({ unit: constantFrom('a', '-', '{', '}', '`', '"', '\'', '#', ':', ' ', '\n', '*', '&', '!', '%', 'ü'), maxLength: 12 })
    const read = createRoutesReader()
    assert(property(text, text, text, constantFrom('blue', 'green'), (name, rule, tls, active) => {
      const routes = routesOf({ active, topology: { groups: [groupOf('skills', 80), groupOf(name, 80, { router: { rule, tls: { [tls]: tls } } })], singletons: [] } })
      let rendered: string
      try {
        rendered = renderRoutes(routes, defaultTransportLimits)
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid_settings' })
        return
      }
      expect(rendered).not.toContain('{{')
      expect(httpOf(rendered).routers[name]).toMatchObject({ rule, tls: { [tls]: tls } })
      expect(read(Buffer.from(rendered))).toMatchObject({ kind: 'routes', active, generation: 'gen-1', sequence: 4 })
    }), { numRuns: 500 })
  })
})

describe('the committed files of config/traefik', () => {
  const config = (name: string) => readFile(new URL(`../../../config/traefik/${name}`, import.meta.url))

  test('the default routes file is the rendered one without stamp and previews, and serves blue', async () => {
    const rendered = httpOf(render())
    const plain = httpOf((await config('dynamic/updater-routes.yml')).toString())
    const routers = Object.fromEntries(['skills', 'api'].map((name) => {
      const { middlewares: _stamp, ...router } = rendered.routers[name]
      return [name, router]
    }))
    expect(plain).toEqual({ routers, services: rendered.services, serversTransports: rendered.serversTransports })
    expect(createRoutesReader()(await config('dynamic/updater-routes.yml'))).toMatchObject({ kind: 'routes', active: 'blue', generation: null, sequence: null })
  })

  test('the static configuration has every entry point that rendered routers use, and tells nobody about itself', async () => {
    const { entryPoints, global, providers, api } = parse((await config('traefik.yml')).toString())
    const used = Object.values<{ entryPoints: string[] }>(httpOf(render()).routers).flatMap((router) => router.entryPoints)
    expect(Object.keys(entryPoints).sort()).toEqual([...new Set(used)].sort())
    expect(global).toEqual({ checkNewVersion: false, sendAnonymousUsage: false })
    expect(providers).toEqual({ providersThrottleDuration: '100ms', file: { directory: '/etc/traefik/dynamic', watch: true } })
    expect(api).toBeUndefined()
  })
})
