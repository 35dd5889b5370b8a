import { Agent, type IncomingMessage, get } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { type RouterWorld, makeRouterWorld, until } from './router-world.ts'

const routes = (backend: string, stamp: string): string => stringify({
  http: {
    routers: { skills: { entryPoints: ['skills'], rule: 'PathPrefix(`/`)', service: backend, middlewares: ['stamp'] } },
    middlewares: { stamp: { headers: { customResponseHeaders: { 'X-Updater-Generation': stamp } } } },
    services: Object.fromEntries(['blue', 'green'].map((name) => [name, { loadBalancer: { servers: [{ url: `http://${name}:8080` }], serversTransport: 'updater' } }])),
    serversTransports: { updater: { maxIdleConnsPerHost: 200, forwardingTimeouts: { dialTimeout: '2000ms', idleConnTimeout: '4000ms' } } },
  },
})

interface Answer {
  readonly status: number
  readonly stamp: string | undefined
  readonly body: string
}

describe('a change of the routes file', () => {
  let world: RouterWorld
  let agent: Agent
  let held: (() => void)[]

  const ask = (path = '/'): Promise<Answer> => new Promise((resolve, reject) => {
    get(world.url('skills', path), { agent }, (answer) => {
      let body = ''
      answer.on('data', (chunk: Buffer) => (body += chunk.toString()))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, stamp: stampOf(answer), body }))
      answer.on('error', reject)
    }).on('error', reject)
  })
  const untilStamp = (stamp: string | undefined): Promise<Answer> => until(`the stamp ${stamp ?? 'to vanish'}`, async () => {
    const answer = await ask()
    return answer.stamp === stamp ? answer : undefined
  })

  beforeEach(async () => {
    agent = new Agent({ keepAlive: true })
    held = []
    world = await makeRouterWorld(routes('blue', 'g0'))
    for (const name of ['blue', 'green']) {
      await world.addBackend(name, (request, response) => {
        if (request.url !== '/held') return void response.end(name)
        response.write(`${name} begins, `)
        held.push(() => response.end(`${name} ends`))
      })
    }
    await until('the backends to be known', async () => ((await ask()).status === 200 ? true : undefined))
  })
  afterEach(async () => {
    agent.destroy()
    await world.close()
  })

  it('fails no request of thousands, and each answer is of one configuration', async () => {
    const answers: Answer[] = []
    const goal = 4_000
    const delays: number[] = []
    const progress = { flipping: true }
    const worker = async (): Promise<void> => {
      while (answers.length < goal || progress.flipping) answers.push(await ask())
    }
    const flipper = async (): Promise<void> => {
      for (let flip = 0; flip < 20; flip += 1) {
        const backend = flip % 2 === 0 ? 'green' : 'blue'
        const written = performance.now()
        await world.write(routes(backend, `${backend}-${flip}`))
        await untilStamp(`${backend}-${flip}`)
        delays.push(performance.now() - written)
      }
      progress.flipping = false
    }
    await Promise.all([flipper(), ...Array.from({ length: 12 }, worker)])
    expect(answers.length).toBeGreaterThanOrEqual(goal)
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
    expect(answers.filter(({ stamp, body }) => stamp !== 'g0' && stamp?.startsWith(body) !== true)).toEqual([])
    expect(new Set(answers.map(({ stamp }) => stamp)).size).toBeGreaterThan(15)
    // The rename itself is seen, not only the look once a second.
    expect(delays.toSorted((a, b) => a - b)[10]).toBeLessThan(500)
  })

  it('leaves a request in flight with the backend that began it', async () => {
    const slow = ask('/held')
    const release = await until('the backend to hold the request', async () => held[0])
    await world.write(routes('green', 'g1'))
    expect(await untilStamp('g1')).toMatchObject({ body: 'green' })
    release()
    expect(await slow).toEqual({ status: 200, stamp: 'g0', body: 'blue begins, blue ends' })
  })

  it.each([
    ['an unknown key', () => routes('green', 'bad').replace('entryPoints', 'entrypoint')],
    ['a syntax error', () => 'http: ['],
    ['an empty section', () => 'http:\n  routers: {}\n'],
    ['a rule that is not known', () => routes('green', 'bad').replace('PathPrefix', 'HostRegexp')],
    ['a template', () => `${routes('green', 'bad')}# {{ env "HOME" }}\n`],
  ])('is refused and told for %s: the old routes stay', async (_what, text) => {
    await world.write(text())
    await until('the refusal to be told', async () => (world.errors.length > 0 ? true : undefined))
    expect(world.errors.join()).toContain('the old ones stay')
    expect(await ask()).toEqual({ status: 200, stamp: 'g0', body: 'blue' })
    await world.write(routes('green', 'g1'))
    expect(await untilStamp('g1')).toMatchObject({ status: 200, body: 'green' })
  })

  it.each([['nothing', ''], ['comments only', '# nothing\n'], ['http without content', 'http:\n']])('drops all routes for %s', async (_what, text) => {
    await world.write(text)
    expect(await untilStamp(undefined)).toMatchObject({ status: 404 })
    expect(world.errors).toEqual([])
  })

  it('leaves out a router whose service does not exist, and tells it', async () => {
    await world.write(routes('purple', 'g1'))
    expect(await untilStamp(undefined)).toMatchObject({ status: 404 })
    expect(world.errors.join()).toContain('purple')
  })

  it('lets requests in flight finish when the router is closed', async () => {
    const slow = ask('/held')
    const release = await until('the backend to hold the request', async () => held[0])
    const closed = world.router.close()
    release()
    expect(await slow).toMatchObject({ status: 200, body: 'blue begins, blue ends' })
    await closed
    await expect(ask()).rejects.toThrow(/ECONNREFUSED|ECONNRESET|hang up/)
  })
})

function stampOf(answer: IncomingMessage): string | undefined {
  const stamp = answer.headers['x-updater-generation']
  return Array.isArray(stamp) ? stamp.join() : stamp
}
