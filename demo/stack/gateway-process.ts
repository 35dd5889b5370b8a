import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { request } from 'undici'
import { followFile } from './follow-file.ts'
import { startProcess, type OwnProcess } from './process.ts'
import { repository } from './project.ts'
import type { GatewayReport } from './stack.ts'

export interface GatewayOptions {
  /** Its log is written here. */
  readonly root: string
  readonly host?: string
  readonly detached: boolean
}

/** The chat service's stand-in as a process of its own, so that it can stay when a demo leaves. */
export interface GatewayProcess {
  readonly process: OwnProcess
  readonly port: number
  /** For the bot's `GATEWAY_URL`. */
  readonly url: string
  /** `GET /sessions` below this tells of overlaps and absences. */
  readonly httpUrl: string
  report(): Promise<GatewayReport>
}

const startLimit = 10_000

/** @throws Error when it does not listen in time */
export async function startGatewayProcess({ root, host = '127.0.0.1', detached }: GatewayOptions): Promise<GatewayProcess> {
  const logFile = join(root, 'gateway.log')
  const gateway = await startProcess({
    argv: [join(repository, 'reference-app/src/gateway.js')],
    env: { GATEWAY_HOST: host, GATEWAY_PORT: '0', GATEWAY_HTTP_PORT: '0' },
    logFile,
    detached,
  })
  const { port, httpPort } = await portsOf(gateway, logFile).catch(async (cause: unknown) => {
    if (gateway.alive) await gateway.end('SIGKILL')
    throw new Error(`the gateway does not listen; see ${logFile}`, { cause })
  })
  const httpUrl = `http://${host}:${httpPort}`
  return {
    process: gateway,
    port,
    url: `tcp://${host}:${port}`,
    httpUrl,
    async report() {
      const answer = await request(`${httpUrl}/sessions`, { headersTimeout: startLimit, bodyTimeout: startLimit })
      const report: unknown = await answer.body.json()
      if (!isReport(report)) throw new Error(`the gateway answered GET /sessions with ${answer.statusCode} and no report`)
      return report
    },
  }
}

async function portsOf(gateway: OwnProcess, logFile: string): Promise<{ port: number; httpPort: number }> {
  const deadline = Date.now() + startLimit
  const output = createInterface({ input: followFile(logFile, 0, () => !gateway.alive || Date.now() > deadline) })
  for await (const line of output) {
    const started: unknown = JSON.parse(line)
    if (typeof started === 'object' && started !== null && 'port' in started && 'httpPort' in started) {
      return { port: Number(started.port), httpPort: Number(started.httpPort) }
    }
  }
  throw new Error(`it told no ports within ${startLimit} ms`)
}

function isReport(value: unknown): value is GatewayReport {
  return typeof value === 'object' && value !== null && 'overlaps' in value && typeof value.overlaps === 'number' && 'away' in value && Array.isArray(value.away)
}
