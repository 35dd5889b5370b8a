import { request } from 'node:http'
import type { Container } from '../../rollout/model.ts'
import type { ContainerDescription } from './container-description.ts'

const answerWithin = 1_000

/** Asks the service itself, as an engine's health check does. @param now ms since the epoch */
export async function checkHealth({ health, ports }: ContainerDescription, startedAt: string | null, now: number): Promise<Container['health']> {
  if (health === null) return 'none'
  const port = ports.find(({ containerPort }) => containerPort === health.port)?.port
  if (port !== undefined && (await answersWell(port, health.path))) return 'healthy'
  const age = startedAt === null ? 0 : now - Date.parse(startedAt)
  return age < health.startPeriod ? 'starting' : 'unhealthy'
}

function answersWell(port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request({ host: '127.0.0.1', port, path, agent: false, signal: AbortSignal.timeout(answerWithin) }, (answer) => {
      answer.resume()
      resolve(answer.statusCode !== undefined && answer.statusCode >= 200 && answer.statusCode < 300)
    })
    // No answer, whatever the reason, is no good answer.
    call.once('error', () => resolve(false))
    call.end()
  })
}
