import { get } from 'node:http'
import { Client } from 'undici'

/** A container as the engine tells it, read past every client that the updater uses. */
export interface SeenContainer {
  readonly id: string
  readonly service: string
  /** Every word of the engine's that is not `removing`: even a container that was only created could be started. */
  readonly state: string
  /** Commit of its image; empty for one without. */
  readonly commit: string
}

/** How long one look may take, ms. */
const lookLimit = 10_000

/**
 * Every container of the stack in every state, straight from the engine's socket.
 * @throws Error while the engine does not answer
 */
export async function seenContainers(socketPath: string): Promise<SeenContainer[]> {
  const listed: unknown = JSON.parse(await ask(socketPath, '/containers/json?all=1'))
  if (!Array.isArray(listed)) throw new Error('the engine listed no containers')
  return listed.map(readContainer).filter(({ service }) => service !== '')
}

/**
 * Health of every container that runs and has a check, by its name: `healthy`, `unhealthy` or `health: starting`.
 * One call for all of them, so that a wait may look often beside what it waits for.
 * @throws Error while the engine does not answer
 */
export async function seenHealth(socketPath: string): Promise<ReadonlyMap<string, string>> {
  const listed: unknown = JSON.parse(await ask(socketPath, '/containers/json'))
  if (!Array.isArray(listed)) throw new Error('the engine listed no containers')
  return new Map(listed.flatMap((entry): [string, string][] => {
    const [, health] = /\(([^()]+)\)$/.exec(text(at(entry, 'Status'))) ?? []
    return health === undefined ? [] : [[text(at(at(entry, 'Names'), '0')).slice(1), health]]
  }))
}

/** Removes a container, whatever it does: quicker than any command line, so that a moment of it can be hit. */
export async function forceAway(socketPath: string, id: string): Promise<void> {
  await ask(socketPath, `/containers/${id}?force=1`, 'DELETE', 204)
}

/** Lines of the engine's event stream about containers, until `end`. Rejects only if it cannot be opened. */
export function followEvents(socketPath: string, tell: (event: ContainerEvent) => void): { readonly open: Promise<void>; end(): void } {
  const filters = encodeURIComponent(JSON.stringify({ type: ['container'] }))
  let rest = ''
  let opened = (): void => undefined
  let refused = (_error: Error): void => undefined
  const open = new Promise<void>((resolve, reject) => {
    opened = resolve
    refused = reject
  })
  const stream = get({ socketPath, path: `/events?filters=${filters}` }, (answer) => {
    opened()
    answer.setEncoding('utf8')
    answer.on('data', (chunk: string) => {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines.filter((text) => text.trim() !== '')) tell(readEvent(JSON.parse(line)))
    })
    answer.on('error', () => undefined) // the engine was killed: whoever follows opens anew
  })
  stream.on('error', refused)
  return { open, end: () => void stream.destroy() }
}

export interface ContainerEvent {
  readonly id: string
  readonly service: string
  /** `create`, `start`, `die`, `destroy` … */
  readonly action: string
}

async function ask(socketPath: string, path: string, method: 'GET' | 'DELETE' = 'GET', good = 200): Promise<string> {
  const client = new Client('http://engine', { socketPath })
  try {
    const answer = await client.request({ method, path, headersTimeout: lookLimit, bodyTimeout: lookLimit })
    const text = await answer.body.text()
    if (answer.statusCode !== good) throw new Error(`${path} was answered with ${answer.statusCode}: ${text}`)
    return text
  } finally {
    await client.destroy()
  }
}

function readContainer(entry: unknown): SeenContainer {
  const labels = at(entry, 'Labels')
  return { id: text(at(entry, 'Id')), service: text(at(labels, 'com.docker.compose.service')), state: text(at(entry, 'State')), commit: text(at(labels, 'org.opencontainers.image.revision')) }
}

function readEvent(event: unknown): ContainerEvent {
  return { id: text(at(at(event, 'Actor'), 'ID')), service: text(at(at(at(event, 'Actor'), 'Attributes'), 'com.docker.compose.service')), action: text(at(event, 'Action')) }
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
