import type { RequestListener } from 'node:http'
import { expect, test } from 'vitest'
import { remoteSkew } from '../../src/git/remote-clock.ts'
import { onLoopback } from '../http/loopback.ts'

const signal = () => AbortSignal.timeout(10_000)

async function serving(answer: RequestListener): Promise<string> {
  return `http://ann:password@127.0.0.1:${await onLoopback(answer)}/team/stack.git`
}

test.each([0, -3_600_000, 90_000])('a web server whose clock is %i ms ahead is told so, and is shown no credentials', async (ahead) => {
  const asked: unknown[] = []
  const url = await serving((request, response) => {
    asked.push(request.headers.authorization)
    response.writeHead(301, { date: new Date(Date.now() + ahead).toUTCString(), location: '/login' }).end()
  })
  const skew = await remoteSkew(url, signal())
  expect(Math.abs((skew ?? Number.NaN) - ahead)).toBeLessThan(2_000)
  expect(asked).toEqual([undefined])
})

test('a web server that says no time, or nothing that is one, tells nothing', async () => {
  expect(await remoteSkew(await serving((_request, response) => response.writeHead(200, { date: 'yesterday' }).end()), signal())).toBeNull()
  expect(await remoteSkew(await serving((request) => request.socket.destroy()), signal())).toBeNull()
})

test.each(['/srv/stack.git', 'git@example.com:team/stack.git', 'ssh://git@example.com/team/stack.git'])('%s has no web server', async (address) => {
  expect(await remoteSkew(address, signal())).toBeNull()
})
