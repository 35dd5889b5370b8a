import { linesOfStatus } from './buildkit-status.ts'

/** What one event of a build says. A failed build answers 200 like a good one: only the events tell. */
export interface BuildEvent {
  /** For people. */
  readonly lines: readonly string[]
  /** Why the build failed. */
  readonly error: string | null
  readonly imageId: string | null
}

/** Characters; an event carries what was printed within a fraction of a second. */
const longestEvent = 8_000_000

/** Events of a build as they come, from either builder; one without an end is the last, and an error. @throws what the stream does when it breaks */
export async function* buildEvents(stream: NodeJS.ReadableStream): AsyncGenerator<BuildEvent> {
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.trim() !== '') yield readEvent(line)
    if (rest.length <= longestEvent) continue
    yield { lines: [], error: `the engine told an event of more than ${longestEvent / 1_000_000} MB`, imageId: null }
    return
  }
  if (rest.trim() !== '') yield readEvent(rest)
}

function readEvent(line: string): BuildEvent {
  const event = parseObject(line)
  const { stream, status, error, aux, id } = event
  if (id === 'moby.buildkit.trace') return { lines: typeof aux === 'string' ? linesOfStatus(aux) : [], error: null, imageId: null }
  return {
    lines: [stream, status].flatMap((text) => (typeof text === 'string' ? text.split('\n') : [])).map((text) => text.trimEnd()).filter((text) => text !== ''),
    error: typeof error === 'string' ? error : null,
    imageId: imageIdOf(aux),
  }
}

function parseObject(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
  } catch {
    // A cut stream ends in half an event; without an image id the build is not taken for good.
    return { stream: line }
  }
}

function imageIdOf(aux: unknown): string | null {
  const id: unknown = typeof aux === 'object' && aux !== null ? Reflect.get(aux, 'ID') : null
  return typeof id === 'string' ? id : null
}
