import { afterEach, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { type RouterWorld, makeRouterWorld, until } from './router-world.ts'

const weighted = (blue: number, green: number, mark: string): string => stringify({
  http: {
    routers: { skills: { entryPoints: ['skills'], rule: 'PathPrefix(`/`)', service: 'split', middlewares: ['mark'] } },
    middlewares: { mark: { headers: { customResponseHeaders: { 'X-Mark': mark } } } },
    services: {
      split: { weighted: { services: [{ name: 'blue', weight: blue }, { name: 'green', weight: green }] } },
      blue: { loadBalancer: { servers: [{ url: 'http://blue:8080' }] } },
      green: { loadBalancer: { servers: [{ url: 'http://green:8080' }] } },
    },
  },
})

describe('weighted services', () => {
  let world: RouterWorld | undefined
  afterEach(async () => {
    await world?.close()
  })

  it('share the requests exactly and always in the same order, which starts anew with each configuration', async () => {
    const here = await makeRouterWorld('')
    world = here
    for (const name of ['blue', 'green']) await here.addBackend(name, (_request, response) => void response.end(name))
    const take = async (): Promise<string[]> => {
      const names: string[] = []
      for (let call = 0; call < 8; call += 1) names.push(await (await fetch(here.url('skills', '/'))).text())
      return names
    }
    const orders: string[][] = []
    for (const mark of ['one', 'two']) {
      await here.write(weighted(3, 1, mark))
      await until('the new routes', async () => {
        const answer = await fetch(here.url('skills', '/'))
        return answer.ok && answer.headers.get('x-mark') === mark ? true : undefined
      })
      orders.push(await take())
    }
    expect(orders[0]?.filter((name) => name === 'green').length).toBe(2)
    expect(orders[1]).toEqual(orders[0])
  })
})
