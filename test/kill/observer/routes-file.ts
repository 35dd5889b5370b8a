import { parse } from 'yaml'
import { inner } from './json.ts'

/** What a whole routes file says. */
export interface SeenRoutes {
  readonly color: string
  /** Stamp of that version; null in a file of the predecessor's plain form. */
  readonly generation: string | null
  /** The record's number in the leading comment; null in the predecessor's form. */
  readonly sequence: number | null
}

const groups = ['skills', 'api']

/** Reads the file as Traefik has to. @throws Error that says what is missing from a complete one */
export function readSeenRoutes(text: string): SeenRoutes {
  if (!text.endsWith('\n')) throw new Error('it does not end with a line end')
  const content: unknown = parse(text)
  const [color, ...others] = new Set(groups.map((group) => colorOf(content, group)))
  if (color === undefined || others.length > 0) throw new Error(`its groups lead to different colors: ${[color, ...others].join(', ')}`)
  for (const group of groups) {
    for (const each of ['blue', 'green']) {
      if (inner(content, 'http', 'services', `${group}-${each}`, 'loadBalancer', 'servers') === undefined) throw new Error(`it has no service ${group}-${each}`)
    }
  }
  const generation = inner(content, 'http', 'middlewares', 'updater-generation', 'headers', 'customResponseHeaders', 'X-Updater-Generation')
  const sequence = /^# sequence: (\d+)$/m.exec(text)?.[1]
  return { color, generation: typeof generation === 'string' ? generation : null, sequence: sequence === undefined ? null : Number(sequence) }
}

function colorOf(content: unknown, group: string): string {
  const service = inner(content, 'http', 'routers', group, 'service')
  const color = typeof service === 'string' ? new RegExp(`^${group}-(blue|green)$`).exec(service)?.[1] : undefined
  if (color === undefined) throw new Error(`its router ${group} leads to ${String(service)}`)
  return color
}
