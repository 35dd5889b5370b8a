import { expect, it } from 'vitest'
import { tellFigure } from '../../reporting/figures.ts'
import { eventually } from '../../sandbox/daemon/waiting.ts'
import { containers } from '../statements/services.ts'
import { runningServices, untilHealth } from '../harness/inside.ts'
import type { Here } from './scene.ts'

/** Interval, and start of the slowest health checks, with room for a machine that builds, ms. */
const healthLimit = 150_000
/** `policy.standbyGrace` and what a stop takes, ms. */
const retireLimit = 180_000

/** A fresh clone, `scripts/first-start.sh`, `docker compose up -d`: nothing else was done. */
export function firstStart(here: Here): void {
  it('docker compose up -d starts qdrant and postgres, then skills, then bot and cloudflared behind a Traefik that routes', async (context) => {
    const { stack } = here()
    const begun = performance.now()
    await stack.compose('up', '-d', '--build')
    tellFigure(context, { name: 'whole stack: docker compose up -d --build on a fresh clone, s', value: (performance.now() - begun) / 1000, together: 'most' })

    // Compose is back before the engine has told of what it started last.
    const last = ['zetherion-ai-bot', 'zetherion-ai-cloudflared']
    await eventually(`the start of ${last.join(' and ')} being told`, () => last.every((one) => stack.events.some(({ service, action }) => service === one && action === 'start')) ? true : null)
    const at = (service: string, action: string): number => {
      const index = stack.events.findIndex((event) => event.service === service && event.action === action)
      if (index < 0) throw new Error(`the engine told no ${action} of ${service}: ${JSON.stringify(stack.events)}`)
      return index
    }
    for (const color of ['blue', 'green']) {
      for (const store of ['qdrant', 'postgres']) expect(at(`zetherion-ai-skills-${color}`, 'start'), `${store} before skills`).toBeGreaterThan(at(store, 'health_status: healthy'))
    }
    const routed = at('zetherion-ai-traefik', 'health_status: healthy')
    expect(routed, 'skills before Traefik is healthy').toBeGreaterThan(at('zetherion-ai-skills-blue', 'start'))
    for (const one of last) {
      expect(at(one, 'start'), `${one} after Traefik`).toBeGreaterThan(routed)
      for (const store of ['qdrant', 'postgres']) expect(at(one, 'start'), `${one} after ${store}`).toBeGreaterThan(at(store, 'health_status: healthy'))
    }
  }, 15 * 60_000)

  it('ollama and ollama-router wait for nobody, and nobody waits for them', () => {
    const { events } = here().stack
    const firstHealthy = events.findIndex(({ service, action }) => action === 'health_status: healthy' && ['qdrant', 'postgres'].includes(service))
    const botStarts = events.findIndex(({ service, action }) => service === 'zetherion-ai-bot' && action === 'start')
    for (const service of ['ollama', 'ollama-router']) {
      expect(events.findIndex((event) => event.service === service && event.action === 'start'), service).toBeLessThan(firstHealthy)
      const healthy = events.findIndex((event) => event.service === service && event.action === 'health_status: healthy')
      expect(healthy === -1 || healthy > botStarts, `${service} is asked for the first time after 30 s, when the bot runs already`).toBe(true)
    }
  })
}

/** What nothing but time is needed for. */
export function comingToRest(here: Here): void {
  it('every health check runs, and all twelve are healthy at the same time', async () => {
    const { stack } = here()
    await untilHealth(stack, containers, 'healthy', healthLimit)
  }, healthLimit + 10_000)

  it('after the first start blue is active and the standby is retired', async () => {
    const { stack } = here()
    await eventually('a retired standby', async () => (await runningServices(stack)).some((service) => service.endsWith('-green')) ? null : true, retireLimit)
    expect(await runningServices(stack)).toEqual(expect.arrayContaining(['zetherion-ai-skills-blue', 'zetherion-ai-api-blue', 'zetherion-ai-bot']))
    expect((await stack.updater.get('/status')).body).toMatchObject({ state: 'idle', active_color: 'blue', paused: false })
    expect((await stack.skills.get('/skills')).status).toBe(200)
  }, retireLimit + 10_000)
}
