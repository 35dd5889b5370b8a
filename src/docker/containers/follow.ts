import { Readable } from 'node:stream'
import { UpdaterError } from '../../rollout/errors.ts'
import type { Engine } from '../engine.ts'
import { composeProjectLabel, composeServiceLabel } from '../labels.ts'

/** What changes whether and how a container runs. Health checks are started all the time: their own events are left out. */
const actions = ['start', 'die', 'stop', 'kill', 'destroy', 'oom', 'pause', 'unpause', 'health_status']

/** More than any event has; what comes without an end of line is not kept. */
const longestLine = 1_000_000

/** Tells of the engine's events about these services until the signal aborts or the engine hangs up. @throws engine_unreachable, engine_failed */
export async function followContainers(
  engine: Engine, project: string, services: readonly string[], onChange: () => void, signal: AbortSignal,
): Promise<void> {
  const filters = { type: ['container' as const], event: actions, label: [`${composeProjectLabel}=${project}`] }
  const stream = await engine.call('follow its events', signal, (docker, abortSignal) => docker.getEvents({ filters, abortSignal }))
  if (!(stream instanceof Readable)) throw new UpdaterError('engine_failed', 'Docker answered a question for its events without a stream.')
  const leave = (): void => {
    stream.destroy()
  }
  signal.addEventListener('abort', leave, { once: true })
  // It may have come while the answer did, when nobody listened.
  if (signal.aborted) leave()
  // An engine that dies hangs up in its own way: that is the end of the stream all the same.
  await listen(stream, services, onChange).catch(() => undefined)
  signal.removeEventListener('abort', leave)
  stream.destroy()
}

async function listen(stream: Readable, services: readonly string[], onChange: () => void): Promise<void> {
  onChange()
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split('\n')
    rest = (lines.pop() ?? '').slice(0, longestLine)
    if (lines.some((line) => line.trim() !== '' && concerns(line, services))) onChange()
  }
}

/** What cannot be read may concern anything. */
function concerns(line: string, services: readonly string[]): boolean {
  try {
    const event: unknown = JSON.parse(line)
    const service = fieldOf(fieldOf(fieldOf(event, 'Actor'), 'Attributes'), composeServiceLabel)
    return typeof service !== 'string' || services.includes(service)
  } catch {
    return true
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
