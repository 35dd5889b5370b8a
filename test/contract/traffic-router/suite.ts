import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Routes } from '../../../src/rollout/model.ts'
import type { TrafficRouter } from '../../../src/rollout/ports.ts'
import { groupOf, todaysTopology } from './topologies.ts'

const never = new AbortController().signal

/** A router with a routes file of its own, none at first. */
export interface TrafficRouterWorld {
  readonly router: TrafficRouter
  /** A router on the same files, as after a restart. */
  reopen(): TrafficRouter
  /** Text of the live file; null when there is none. */
  live(): Promise<string | null>
  /** Puts a live file there, as an operator or the predecessor would. */
  edit(text: string): Promise<void>
  /** Any file, for kept copies. */
  textOf(path: string): Promise<string | null>
  dispose(): Promise<void>
}

const routesOf = (changes: Partial<Routes> = {}): Routes => ({
  active: 'blue', generation: 'gen-1', sequence: 4, topology: todaysTopology, ...changes,
})

/** The predecessor's plain form. */
const plain = (skills: string, api: string) => `
http:
  routers:
    skills: { entryPoints: [skills], rule: "PathPrefix(\`/\`)", service: skills-${skills} }
    api: { entryPoints: [api], rule: "PathPrefix(\`/\`)", service: api-${api} }
  services:
    skills-blue: { loadBalancer: { servers: [{ url: "http://zetherion-ai-skills-blue:8080" }] } }
    skills-green: { loadBalancer: { servers: [{ url: "http://zetherion-ai-skills-green:8080" }] } }
    api-blue: { loadBalancer: { servers: [{ url: "http://zetherion-ai-api-blue:8443" }] } }
    api-green: { loadBalancer: { servers: [{ url: "http://zetherion-ai-api-green:8443" }] } }
`

/** What the keeper of the routes file promises. */
export function trafficRouterContract(name: string, open: () => Promise<TrafficRouterWorld>): void {
  describe(`TrafficRouter: ${name}`, () => {
    let world: TrafficRouterWorld
    beforeEach(async () => {
      world = await open()
    })
    afterEach(() => world.dispose())

    const putInForce = async (routes: Routes) => {
      await world.router.stage(routes)
      await world.router.activate(routes.generation)
    }

    test('no file is told as missing, and nothing is kept of it', async () => {
      expect(await world.router.read()).toEqual({ kind: 'missing' })
      expect(await world.router.keepCopy()).toBeNull()
    })

    test('staging changes nothing that serves', async () => {
      await world.router.stage(routesOf())
      expect(await world.live()).toBeNull()
    })

    test.each([
      ['today\'s stack', todaysTopology],
      ['no groups', { groups: [], singletons: [] }],
      ['one group', { groups: [groupOf('web', 80)], singletons: [] }],
      ['five groups', { groups: [1, 2, 3, 4, 5].map((n) => groupOf(`g${n}`, 8000 + n)), singletons: [] }],
    ])('for %s a version in force is read as it was given, in either color', async (_name, topology) => {
      for (const active of ['blue', 'green'] as const) {
        const routes = routesOf({ active, topology, generation: `gen-${active}`, sequence: 17 })
        await putInForce(routes)
        expect(await world.live()).toBe(world.router.render(routes))
        expect(await world.router.read()).toEqual({
          kind: 'routes', active, generation: `gen-${active}`, sequence: 17, text: world.router.render(routes),
        })
      }
    })

    test('the way back is prepared before and needs only its activation, after a restart as well', async () => {
      await world.router.stage(routesOf({ generation: 'to', active: 'green' }))
      await world.router.stage(routesOf({ generation: 'back', active: 'blue' }))
      await world.router.activate('to')
      expect(await world.router.read()).toMatchObject({ active: 'green', generation: 'to' })
      await world.reopen().activate('back')
      expect(await world.router.read()).toMatchObject({ active: 'blue', generation: 'back' })
    })

    test('activating what is in force is success and changes nothing', async () => {
      await putInForce(routesOf())
      const text = await world.live()
      await world.router.activate('gen-1')
      await world.reopen().activate('gen-1')
      expect(await world.live()).toBe(text)
    })

    test('activating what was never prepared is refused and changes nothing', async () => {
      await putInForce(routesOf())
      await expect(world.router.activate('gen-9')).rejects.toMatchObject({ code: 'routes_unwritable' })
      expect(await world.router.read()).toMatchObject({ generation: 'gen-1' })
    })

    test('staging a version again replaces it', async () => {
      await world.router.stage(routesOf({ active: 'blue' }))
      await world.router.stage(routesOf({ active: 'green' }))
      await world.router.activate('gen-1')
      expect(await world.router.read()).toMatchObject({ active: 'green' })
    })

    test('sweeping removes every prepared version and leaves what is in force', async () => {
      await putInForce(routesOf())
      for (const generation of ['a', 'b']) await world.router.stage(routesOf({ generation }))
      await world.router.sweep(never)
      await world.router.sweep(never)
      for (const generation of ['a', 'b']) await expect(world.router.activate(generation)).rejects.toMatchObject({ code: 'routes_unwritable' })
      expect(await world.router.read()).toMatchObject({ generation: 'gen-1' })
    })

    test.each(['blue', 'green'] as const)('the predecessor\'s plain file that serves %s is understood', async (color) => {
      await world.edit(plain(color, color))
      expect(await world.router.read()).toEqual({ kind: 'routes', active: color, generation: null, sequence: null, text: plain(color, color) })
    })

    test('a file that serves one group from each color is unreadable and names both', async () => {
      await world.edit(plain('blue', 'green'))
      expect(await world.router.read()).toMatchObject({ kind: 'unreadable', reason: expect.stringMatching(/skills.*blue.*api.*green/) })
    })

    test.each([
      ['empty', ''],
      ['comments only', '# active: blue\n# sequence: 3\n'],
      ['cut short in its structure', plain('blue', 'blue').slice(0, 60)],
      ['cut before the services', plain('blue', 'blue').split('  services:')[0] ?? ''],
      ['no YAML', 'http: [\n'],
      ['a template', plain('blue', 'blue').replace('8080', '{{ env "PORT" }}')],
      ['without routers', 'http: {}\n'],
      ['with routers of unknown services only', 'http:\n  routers:\n    x: { rule: "PathPrefix(`/`)", service: noop@internal }\n'],
    ])('a file that is %s is unreadable, with a reason', async (_name, text) => {
      await world.edit(text)
      expect(await world.router.read()).toMatchObject({ kind: 'unreadable', reason: expect.stringMatching(/\w+/) })
    })

    test('a copy of a file found is kept word for word, once however often it is asked for', async () => {
      await world.edit('http: [\n')
      const copy = await world.router.keepCopy()
      expect(await world.textOf(copy ?? '')).toBe('http: [\n')
      expect(await world.reopen().keepCopy()).toBe(copy)
    })

    test('different files found are kept side by side, the newest five of them', async () => {
      const copies = []
      for (const n of [1, 2, 3, 4, 5, 6, 7]) {
        await world.edit(`# ${n}\n`)
        copies.push(await world.router.keepCopy())
      }
      const texts = await Promise.all(copies.map((copy) => world.textOf(copy ?? '')))
      expect(texts).toEqual([null, null, '# 3\n', '# 4\n', '# 5\n', '# 6\n', '# 7\n'])
      await world.router.sweep(never)
      expect(await world.textOf(copies[6] ?? '')).toBe('# 7\n')
    })
  })
}
