import { createHash } from 'node:crypto'
import type { Sample } from './judge.ts'
import type { SeenProcess } from './processes.ts'

/** What a faked record says where it differs from one at rest on blue. */
export interface FakedRecord {
  readonly sequence?: number
  readonly epoch?: number
  readonly paused?: boolean
  readonly holds?: readonly string[]
  readonly phase?: string
}

/** A look at a stack at rest, but for what is given. */
export function sampleOf(changes: { routes?: string | null; state?: string | null; running?: readonly string[]; botContainers?: number } = {}): Sample {
  const { routes = routesText('blue'), state = stateText(), running = ['skills-blue', 'api-blue', 'bot'], botContainers = 1 } = changes
  const processes = running.map((service, index): SeenProcess => ({ pid: 100 + index, service: `zetherion-ai-${service}` }))
  return { routes, state, sandbox: { processes, botContainers } }
}

/** A whole state file. */
export function stateText({ sequence = 7, epoch = 2, phase, holds = [], paused = phase !== undefined || holds.length > 0 }: FakedRecord = {}): string {
  const release = (tag: string): unknown => ({ tag, version: tag.slice(1), commit: tag.padEnd(40, '0') })
  const operation = phase === undefined ? null : {
    id: 'op', phase, step: 'route_switch', fromColor: 'blue', from: release('v1.0.0'), target: release('v1.1.0'), failure: null, interruptions: 0,
  }
  const content = {
    active_color: 'blue', paused, schema: 1, sequence,
    record: {
      epoch, active: release('v1.0.0'), generation: null, failuresInARow: 0, operation,
      holds: holds.map((reason) => ({ since: '2026-01-01T00:00:00.000Z', origin: 'operator', reason })),
    },
  }
  return JSON.stringify({ ...content, checksum: `sha256:${createHash('sha256').update(JSON.stringify(content)).digest('hex')}` })
}

/** A whole routes file. */
export function routesText(color: 'blue' | 'green', { api = color }: { api?: 'blue' | 'green' } = {}): string {
  const services = ['skills-blue', 'skills-green', 'api-blue', 'api-green']
  return [
    '# sequence: 7',
    'http:',
    '  routers:',
    `    skills: { service: skills-${color} }`,
    `    api: { service: api-${api} }`,
    '  services:',
    ...services.map((service) => `    ${service}: { loadBalancer: { servers: [{ url: "http://zetherion-ai-${service}:8080" }] } }`),
    '',
  ].join('\n')
}
