import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { startGateway } from '../../reference-app/src/gateway.js'
import { eventually, startProgram } from './program.ts'

async function openGateway(silenceMs = 5_000) {
  const gateway = await startGateway({ silenceMs })
  onTestFinished(gateway.close)
  return gateway
}

/** A bare client that identifies and waits until its session is open. */
async function identify(port: number, instance: string) {
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => {
    socket.destroy()
  })
  const lines: string[] = []
  socket.setEncoding('utf8').on('data', (chunk: string) => lines.push(chunk))
  socket.write(`${JSON.stringify({ op: 'identify', instance })}\n`)
  await eventually(() => lines.join('').includes('"op":"ready"'))
  return { socket, lines }
}

test('one session after the other is no overlap, and the time between them is told', async () => {
  const gateway = await openGateway()
  expect(gateway.report()).toEqual({ open: 0, opened: 0, overlaps: 0, away: [], away_since: null, sessions: [] })
  const first = await identify(gateway.port, 'first')
  first.socket.write('{"op":"close"}\n')
  await once(first.socket, 'close')
  expect(first.lines.join('')).toContain('{"op":"close_ack"}')
  expect(gateway.report()).toMatchObject({ open: 0, away: [], away_since: expect.any(String) })

  const before = performance.now()
  await identify(gateway.port, 'second')
  const report = gateway.report()
  expect(report).toMatchObject({
    open: 1, opened: 2, overlaps: 0, away_since: null,
    sessions: [{ instance: 'first', how: 'close', overlapped: false }, { instance: 'second', how: null, closed_at: null }],
  })
  expect(report.away).toEqual([{ from: report.sessions[0]?.closed_at, to: report.sessions[1]?.opened_at, ms: expect.any(Number) }])
  expect(report.away[0]?.ms).toBeLessThanOrEqual(performance.now() - before + 1_000)
})

test('two sessions at once are accepted and noted as an overlap', async () => {
  const gateway = await openGateway()
  const first = await identify(gateway.port, 'first')
  await identify(gateway.port, 'second')
  expect(gateway.report()).toMatchObject({ open: 2, opened: 2, overlaps: 1, sessions: [{ overlapped: false }, { overlapped: true }] })
  first.socket.destroy()
  await eventually(() => gateway.report().open === 1)
  expect(gateway.report()).toMatchObject({ overlaps: 1, away: [], away_since: null, sessions: [{ how: 'disconnect' }, { how: null }] })
})

test('a session that falls silent has ended, one that beats has not', async () => {
  const gateway = await openGateway(300)
  await identify(gateway.port, 'silent')
  const beating = await identify(gateway.port, 'beating')
  const heart = setInterval(() => beating.socket.write('{"op":"heartbeat"}\n'), 50)
  onTestFinished(() => clearInterval(heart))
  await eventually(() => gateway.report().open === 1)
  expect(gateway.report().sessions.map(({ instance, how }) => [instance, how])).toEqual([['silent', 'disconnect'], ['beating', null]])
  expect(beating.lines.join('')).toContain('{"op":"heartbeat_ack"}')
})

test.each(['no json\n', '[]\n', '{"op":"heartbeat"}\n', '{"op":"dance"}\n', 'x'.repeat(70_000)])(
  'a connection that does not begin by identifying is ended: %.20s',
  async (text) => {
    const gateway = await openGateway()
    const socket = connect(gateway.port, '127.0.0.1')
    // The gateway may reset the connection while the text is still being sent.
    const failed: Error[] = []
    socket.on('error', (error) => failed.push(error))
    socket.write(text)
    socket.resume()
    await new Promise((resolve) => socket.once('close', resolve))
    expect(gateway.report().opened).toBe(0)
  },
)

test('the account is served over HTTP', async () => {
  const gateway = await openGateway()
  await identify(gateway.port, 'only')
  const answer = await fetch(`${gateway.httpUrl}/sessions`)
  expect(await answer.json()).toEqual(JSON.parse(JSON.stringify(gateway.report())))
})

test('the gateway runs as a program of its own', async () => {
  const gateway = await startProgram('gateway')
  const started = gateway.log.find((line) => line.message === 'started')
  await identify(Number(started?.port), 'only')
  const answer = await fetch(`http://127.0.0.1:${String(started?.httpPort)}/sessions`)
  expect(await answer.json()).toMatchObject({ open: 1, opened: 1, sessions: [{ instance: 'only' }] })
  gateway.kill('SIGTERM')
  expect(await gateway.exit).toBe(0)
})
