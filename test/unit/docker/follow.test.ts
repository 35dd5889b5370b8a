import { createServer, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { limit, makeProject } from './project.ts'

const event = (service: string, action: string): string =>
  `${JSON.stringify({ Type: 'container', Action: action, Actor: { ID: 'c1', Attributes: { 'com.docker.compose.service': service } } })}\n`

/** An engine whose events the test writes, and a runtime that follows them. */
async function following(signal: AbortSignal = limit()) {
  const project = await makeProject()
  const asked: URL[] = []
  let stream: (response: ServerResponse) => void = () => undefined
  const opened = new Promise<ServerResponse>((resolve) => {
    stream = resolve
  })
  const server = createServer((request, response) => {
    asked.push(new URL(request.url ?? '', 'http://engine'))
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
    stream(response)
  })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  server.listen(join(project.root, 'no-engine.sock'))
  await once(server, 'listening')

  const heard = { times: 0, next: (): void => undefined }
  const ended = project.runtime().follow(['bot', 'api-blue'], () => {
    heard.times += 1
    heard.next()
  }, signal)
  const events = await opened
  /** Writes and waits until it was heard that often in all. */
  const hears = async (times: number, ...texts: readonly string[]): Promise<void> => {
    for (const text of texts) events.write(text)
    while (heard.times < times) {
      await new Promise<void>((resolve, reject) => {
        heard.next = resolve
        limit().addEventListener('abort', () => reject(new Error(`heard ${heard.times} times only`)), { once: true })
      })
    }
    expect(heard.times).toBe(times)
  }
  return { asked, ended, events, hears }
}

describe('an engine that is followed', () => {
  it('is asked for what changes containers of the project alone, and heard about the services that count', async () => {
    const { asked, hears } = await following()
    await hears(1)
    const filters: unknown = JSON.parse(asked[0]?.searchParams.get('filters') ?? '')
    expect(filters).toMatchObject({ type: ['container'], label: ['com.docker.compose.project=stack'], event: expect.arrayContaining(['start', 'die', 'stop', 'destroy', 'oom', 'health_status']) })
    const [first, second] = [event('bot', 'die').slice(0, 40), event('bot', 'die').slice(40)]
    await hears(2, event('postgres', 'die'), event('bot', 'start'))
    await hears(3, first, second)
    await hears(4, 'no JSON at all\n')
  })

  it('has nothing more to tell when it hangs up', async () => {
    const { ended, events, hears } = await following()
    await hears(1)
    events.destroy()
    await expect(ended).resolves.toBeUndefined()
  })

  it('is let go when nobody listens any more', async () => {
    const over = new AbortController()
    const { ended, events, hears } = await following(over.signal)
    await hears(1)
    const closed = once(events, 'close')
    over.abort(new Error('heard enough'))
    await expect(ended).resolves.toBeUndefined()
    await closed
  })

  it('is told to be unreachable when there is none', async () => {
    const project = await makeProject()
    await expect(project.runtime().follow(['bot'], () => undefined, limit())).rejects.toMatchObject({ code: 'engine_unreachable' })
  })
})
