import { expect, it } from 'vitest'
import { at } from '../../sandbox/daemon/waiting.ts'
import { untilHealth } from '../harness/inside.ts'
import { containers, each } from '../statements/services.ts'
import type { Here, Scene } from './scene.ts'

const second = 1e9

/** Told when the stack is minutes old, so that even the slowest check ran several times, and while both colors run. */
export function health(here: Here): void {
  it('every health check is run again and again by the engine, and says that its service is well', async () => {
    for (const container of containers) {
      const log = await healthLog(here(), container)
      expect(log.length, `${container}: checks in the log`).toBeGreaterThanOrEqual(2)
      expect(log.at(-1), container).toMatchObject({ ExitCode: 0 })
    }
  })

  it('the health checks of databases and models have the seeds\' timings, and keep their intervals', async () => {
    const { stack } = here()
    for (const [container, { health }] of each) {
      if (health === null) continue
      const set: unknown = JSON.parse(await stack.docker('inspect', '--format', '{{json .Config.Healthcheck}}', container))
      expect(set, container).toMatchObject({ Interval: health.interval * second, Timeout: health.timeout * second, Retries: health.retries, StartPeriod: health.start * second })
      const starts = (await healthLog(here(), container)).map((entry) => Date.parse(String(at(entry, 'Start'))))
      for (const [index, start] of starts.slice(1).entries()) {
        const between = (start - (starts[index] ?? 0)) / 1000
        expect(between, `${container}: seconds between two checks`).toBeGreaterThanOrEqual(health.interval)
        expect(between, `${container}: seconds between two checks`).toBeLessThan(health.interval + health.timeout + 5)
      }
    }
  })

  it('a health check asks the service itself: PostgreSQL by pg_isready, the others on their port', async () => {
    const { stack } = here()
    const test = async (container: string): Promise<string> => stack.docker('inspect', '--format', '{{json .Config.Healthcheck.Test}}', container)
    expect(await test('zetherion-ai-postgres')).toContain('pg_isready -U zetherion')
    for (const [container, port] of [['zetherion-ai-qdrant', 6333], ['zetherion-ai-ollama', 11434], ['zetherion-ai-ollama-router', 11434]] as const) {
      expect(await test(container), container).toContain(`/dev/tcp/127.0.0.1/${port}`)
    }
  })

  it('a service that stopped working is told as unhealthy, and as healthy when it works again', async () => {
    const { stack } = here()
    await stack.docker('stop', 'zetherion-ai-gateway')
    await untilHealth(stack, ['zetherion-ai-bot'], 'unhealthy', 90_000)
    await stack.docker('start', 'zetherion-ai-gateway')
    await untilHealth(stack, ['zetherion-ai-bot'], 'healthy', 90_000)
  }, 200_000)
}

/** The engine keeps the last five checks of a container. */
async function healthLog({ stack }: Scene, container: string): Promise<unknown[]> {
  const log: unknown = JSON.parse(await stack.docker('inspect', '--format', '{{json .State.Health.Log}}', container))
  return Array.isArray(log) ? log : []
}
