import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { defaultApiLimits } from '../../src/api/create-api.ts'
import { UpdaterError } from '../../src/rollout/errors.ts'
import type { UpdateResult } from '../../src/rollout/model.ts'
import type { Started } from '../../src/updater/service.ts'
import { freshApi, secret } from './api.ts'
import { deferred } from './deferred.ts'
import { fakeUpdater, idleStatus, succeeded } from './fake-updater.ts'
import { listeningApi, open, post, untilClosed } from './sockets.ts'

const good = { tag: 'v2.0.0', version: '2.0.0' }
const impatient = { ...defaultApiLimits, headers: 150, request: 300 }

/** A rollout whose end the test decides. */
function rollout() {
  const outcome = deferred<UpdateResult>()
  const begun = deferred<null>()
  const opened = deferred<'open' | 'ended'>()
  opened.promise.catch(() => undefined) // as the updater has it: a caller that asked for no answer has none to handle
  const apply = async (): Promise<Started> => {
    begun.resolve(null)
    return { operationId: 'op-1', begun: opened.promise, outcome: outcome.promise, finished: Promise.resolve() }
  }
  return { updater: fakeUpdater({ apply, status: () => idleStatus }), begun: begun.promise, open: opened.resolve, refuse: opened.reject, end: outcome.resolve, fail: outcome.reject }
}

describe('a synchronous apply', () => {
  it('is answered at its outcome, however much longer than a request may take that is', async () => {
    const { updater, begun, end } = rollout()
    const port = await listeningApi({ updater, limits: { ...impatient, keepAlive: 100 } })
    const { answer } = post(port, '/update/apply', good)
    await begun
    // A later caller runs into the limits; the one that waits for its answer must not.
    await untilClosed(open(port))
    end(succeeded)
    expect(await answer).toMatchObject({ status: 200, body: { status: 'success' } })
  })

  it('goes on when its caller hangs up, and the API stays up', async () => {
    const { updater, begun, end } = rollout()
    const port = await listeningApi({ updater })
    const { answer, hangUp } = post(port, '/update/apply', good)
    await begun
    hangUp()
    await expect(answer).rejects.toThrow('socket hang up')
    end(succeeded)
    const second = post(port, '/update/apply', good)
    expect((await second.answer).status).toBe(200)
  })

  it('lets readers through while it waits', async () => {
    const { updater, begun, end } = rollout()
    const port = await listeningApi({ updater })
    const { answer } = post(port, '/update/apply', good)
    await begun
    const status = await fetch(`http://127.0.0.1:${port}/status`, { headers: { 'x-updater-secret': secret } })
    expect(status.status).toBe(200)
    end(succeeded)
    await answer
  })
})

describe('Prefer: respond-async', () => {
  it.each(['respond-async', 'wait=10, Respond-Async', 'respond-async; wait=5'])('(%s) is answered 202 with the address of the operation as soon as that is durable, not before', async (prefer) => {
    const { updater, begun, open, end } = rollout()
    const port = await listeningApi({ updater })
    const { answer: asked } = post(port, '/update/apply', good, { prefer })
    await begun
    expect(await Promise.race([asked, fetch(`http://127.0.0.1:${port}/health`)])).toMatchObject({ ok: true })
    open('open')
    const answer = await asked
    expect(answer).toMatchObject({
      status: 202,
      headers: { location: '/update/operations/op-1', 'preference-applied': 'respond-async' },
      body: { operation_id: 'op-1', status: 'accepted', location: '/update/operations/op-1' },
    })
    end(succeeded)
  })

  it('is answered with the refusal where nothing was begun, such as for a tag that the remote does not have', async () => {
    const { updater, refuse } = rollout()
    const port = await listeningApi({ updater })
    refuse(new UpdaterError('unknown_tag', 'The remote has no tag v2.0.0.'))
    expect(await post(port, '/update', good, { prefer: 'respond-async' }).answer).toMatchObject({ status: 404, body: { code: 'unknown_tag' } })
  })

  it('is answered with the outcome where that is certain already, such as of a release that runs', async () => {
    const { updater, open, end } = rollout()
    const port = await listeningApi({ updater })
    open('ended')
    end(succeeded)
    expect(await post(port, '/update', good, { prefer: 'respond-async' }).answer).toMatchObject({ status: 200, body: { status: 'success' } })
  })

  it('outlives an error that comes after the answer', async () => {
    const { updater, open, fail } = rollout()
    const port = await listeningApi({ updater })
    open('open')
    expect((await post(port, '/update', good, { prefer: 'respond-async' }).answer).status).toBe(202)
    fail(new UpdaterError('shutting_down', 'The updater is shutting down.'))
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200)
  })

  it('does not apply to a call that is refused at once', async () => {
    const apply = async (): Promise<Started> => {
      throw new UpdaterError('paused', 'Rollouts are paused: maintenance.')
    }
    const port = await listeningApi({ updater: fakeUpdater({ apply }) })
    expect((await post(port, '/update', good, { prefer: 'respond-async' }).answer).status).toBe(423)
  })
})

describe('fault 42: concurrent calls', () => {
  it('are handed to the updater, of which one wins and the rest get 409', async () => {
    const { updater, end } = rollout()
    let taken = false
    const single = fakeUpdater({
      async apply(request) {
        if (taken) throw new UpdaterError('in_progress', 'apply v2.0.0 is already in progress.')
        taken = true
        return updater.apply(request)
      },
    })
    const port = await listeningApi({ updater: single })
    const calls = Array.from({ length: 20 }, () => post(port, '/update/apply', good).answer)
    const refused = await Promise.race(calls)
    expect(refused).toMatchObject({ status: 409, body: { error: expect.stringContaining('already in progress') } })
    end(succeeded)
    expect((await Promise.all(calls)).filter((answer) => answer.status === 200)).toHaveLength(1)
  })
})

describe('a client that is no good', () => {
  it('is cut off when its headers do not come', async () => {
    const port = await listeningApi({ limits: impatient })
    const socket = open(port)
    socket.write('GET /health HTTP/1.1\r\nHost: x\r\n')
    const answer = await untilClosed(socket)
    expect(answer).toContain('HTTP/1.1 408')
    expect(answer).toContain('"code":"request_timeout"')
  })

  it('is cut off when it connects and says nothing', async () => {
    const port = await listeningApi({ limits: impatient })
    await untilClosed(open(port))
  })

  it('is cut off when its body does not come', async () => {
    const port = await listeningApi({ limits: impatient })
    const socket = open(port)
    socket.write(`POST /update/apply HTTP/1.1\r\nHost: x\r\nX-Updater-Secret: ${secret}\r\nContent-Length: 40\r\n\r\n{"tag"`)
    expect(await untilClosed(socket)).toContain('HTTP/1.1 408')
  })

  it('gets 413 for a huge body without being read to its end', async () => {
    const port = await listeningApi()
    const socket = open(port)
    socket.write(`POST /update/apply HTTP/1.1\r\nHost: x\r\nX-Updater-Secret: ${secret}\r\nContent-Length: 10000000000\r\n\r\n{`)
    const [chunk] = await once(socket, 'data')
    expect(String(chunk)).toContain('HTTP/1.1 413')
  })

  it('gets 413 for a body whose length it does not tell', async () => {
    const port = await listeningApi()
    const socket = open(port)
    socket.write(`POST /update/apply HTTP/1.1\r\nHost: x\r\nX-Updater-Secret: ${secret}\r\nTransfer-Encoding: chunked\r\n\r\n`)
    socket.write(`20000\r\n${' '.repeat(0x20000)}\r\n`)
    const [chunk] = await once(socket, 'data')
    expect(String(chunk)).toContain('HTTP/1.1 413')
  })

  it('gets 431 for headers that are too large', async () => {
    const port = await listeningApi()
    const socket = open(port)
    socket.write(`GET /health HTTP/1.1\r\nHost: x\r\nX-Filler: ${'x'.repeat(20_000)}\r\n\r\n`)
    const answer = await untilClosed(socket)
    expect(answer).toContain('HTTP/1.1 431')
    expect(answer).toContain('"code":"headers_too_large"')
  })

  it('gets 400 for what is no HTTP', async () => {
    const port = await listeningApi()
    const socket = open(port)
    socket.write('\x16\x03\x01 hello\r\n\r\n')
    expect(await untilClosed(socket)).toContain('"error":"This is not an HTTP request."')
  })

  it('gets its share of the connections and no more, and gets it again once it has closed some', async () => {
    const port = await listeningApi({ limits: { ...defaultApiLimits, headers: 60_000, connectionsPerAddress: 2 } })
    const kept = [open(port), open(port)]
    await Promise.all(kept.map((socket) => once(socket, 'connect')))
    expect(await untilClosed(open(port))).toBe('')
    for (const socket of kept) socket.destroy()
    await Promise.all(kept.map((socket) => once(socket, 'close')))
    const answer = await untilAnswered(port)
    expect(answer).toContain('200 OK')
  })

  it('is turned away when there are too many of it, and others get in as soon as it is gone', async () => {
    const port = await listeningApi({ limits: { ...defaultApiLimits, headers: 60_000, connections: 3 } })
    const crowd = Array.from({ length: 3 }, () => open(port))
    await Promise.all(crowd.map((socket) => once(socket, 'connect')))
    await untilClosed(open(port))
    await Promise.all(crowd.map((socket) => once(socket.end(), 'close')))
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200)
  })
})

describe('fault 43: an API that closes', () => {
  it.each([
    ['connected and says nothing', ''],
    ['does not end its headers', 'GET /health HTTP/1.1\r\nHo'],
  ])('is held up by no client that %s', async (_what, words) => {
    const app = freshApi({ limits: { ...defaultApiLimits, closing: 100 } })
    const address = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
    const socket = open(Number(address.port))
    socket.write(words)
    await once(app.server, 'connection')
    const end = untilClosed(socket)
    await app.close()
    await end
  })

  it('still gives the answers that are under way', async () => {
    const { updater, begun, end } = rollout()
    const app = freshApi({ updater })
    const address = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
    const { answer } = post(Number(address.port), '/update/apply', good)
    await begun
    const closed = app.close()
    end(succeeded)
    expect((await answer).status).toBe(200)
    await closed
  })
})

/** Asks again until the server has noticed that earlier connections are closed. */
async function untilAnswered(port: number): Promise<string> {
  for (let tries = 0; tries < 100; tries += 1) {
    const socket = open(port)
    socket.write('GET /health HTTP/1.1\r\nHost: updater\r\nConnection: close\r\n\r\n')
    const text = await untilClosed(socket)
    if (text !== '') return text
  }
  throw new Error('no connection was answered')
}
