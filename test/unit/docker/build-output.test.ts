import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { buildEvents } from '../../../src/docker/images/build-output.ts'
import type { BuildEvent } from '../../../src/docker/images/build-output.ts'

async function read(...chunks: string[]): Promise<BuildEvent[]> {
  const events: BuildEvent[] = []
  for await (const event of buildEvents(Readable.from(chunks))) events.push(event)
  return events
}

/** One length-delimited protobuf field. */
function field(number: number, content: Buffer | string): Buffer {
  const bytes = Buffer.from(content)
  return Buffer.concat([Buffer.from([number * 8 + 2, (bytes.length % 128) + 128, Math.floor(bytes.length / 128)]), bytes])
}

const trace = (...fields: Buffer[]): string => `${JSON.stringify({ id: 'moby.buildkit.trace', aux: Buffer.concat(fields).toString('base64') })}\n`

describe('the output of a build', () => {
  it('is understood when it arrives in arbitrary pieces', async () => {
    const text = `${JSON.stringify({ stream: 'Step 1/2\n' })}\r\n${JSON.stringify({ aux: { ID: 'sha256:1' } })}\r\n`
    const events = await read(text.slice(0, 9), text.slice(9, 30), text.slice(30))
    expect(events.map(({ lines }) => lines).flat()).toEqual(['Step 1/2'])
    expect(events.at(-1)?.imageId).toBe('sha256:1')
  })

  it('tells a failure, which the engine answers with 200', async () => {
    const [event] = await read(JSON.stringify({ errorDetail: { code: 1 }, error: 'the command returned 1' }))
    expect(event).toMatchObject({ error: 'the command returned 1', imageId: null })
  })

  it('is read no further than one event without an end goes, and the build has failed', async () => {
    let read = 0
    const endless = Readable.from((function* () {
      for (; read < 1_000; read += 1) yield 'x'.repeat(1_000_000)
    })())
    const events: BuildEvent[] = []
    for await (const event of buildEvents(endless)) events.push(event)
    expect(events).toEqual([{ lines: [], error: 'the engine told an event of more than 8 MB', imageId: null }])
    expect(read).toBeLessThan(100)
  })

  it('names no image when it is cut off', async () => {
    const events = await read(JSON.stringify({ stream: 'x' }), '\n{"aux":{"ID":"sha2')
    expect(events.every(({ imageId }) => imageId === null)).toBe(true)
  })

  it('tells BuildKit’s steps as they begin, what they print, and why one fails', async () => {
    const started = field(5, '')
    const vertex = (...fields: Buffer[]) => field(1, Buffer.concat([field(1, 'sha256:digest'), ...fields]))
    const events = await read(
      trace(vertex(field(3, '[2/2] RUN build'), started)),
      trace(field(3, Buffer.concat([field(1, 'sha256:digest'), Buffer.from([24, 1]), field(4, `first\n${'long'.repeat(60)}\n`)]))),
      trace(vertex(field(3, '[2/2] RUN build'), started, field(6, ''), field(7, 'exit code 1'))),
      trace(vertex(field(3, '[1/2] FROM'), Buffer.from([32, 1]), started, field(6, ''))),
    )
    expect(events.flatMap(({ lines }) => lines)).toEqual([
      '[2/2] RUN build', 'first', 'long'.repeat(60), '[2/2] RUN build: exit code 1', '[1/2] FROM (cached)',
    ])
  })

  it('is not harmed by progress that it cannot read', async () => {
    const [event] = await read(`${JSON.stringify({ id: 'moby.buildkit.trace', aux: Buffer.from([255, 255, 255, 7, 9]).toString('base64') })}\n`)
    expect(event).toMatchObject({ error: null, imageId: null })
  })
})
