import { once } from 'node:events'
import { readFile, readdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { UpdaterError } from '../../src/rollout/errors.ts'
import { makeGitWorld } from './git-world.ts'
import type { GitWorld } from './git-world.ts'
import { withProgram } from './programs.ts'
import { gitCommandLines, portOf } from './http-remote.ts'

describe('fault 38: a remote that does not end', () => {
  const signal = new AbortController().signal
  let world: GitWorld
  let server: Server
  let sockets: Socket[]
  let url: string
  /** What the remote does with a connection. */
  let serve: (socket: Socket) => void
  beforeEach(async () => {
    world = await makeGitWorld()
    sockets = []
    server = createServer((socket) => {
      sockets.push(socket)
      socket.on('error', () => undefined) // git hangs up in every test here.
      serve(socket)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${portOf(server.address())}/r.git`
  })
  afterEach(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await world.dispose()
  })

  const nothingListens = (): Promise<void> => vi.waitFor(() => {
    expect(gitCommandLines().filter((line) => line.includes(url))).toEqual([])
  })

  test('because it accepts and says nothing runs into the limit, which the error names, and leaves no process', async () => {
    serve = () => undefined
    const source = world.openWith({ remote: url, limit: 400 })
    for (const call of [() => source.listTags(signal), () => source.fetch('v1.0.0', null, signal)]) {
      await expect(call()).rejects.toMatchObject({ code: 'remote_unreachable', message: expect.stringMatching(/0\.4 s \(limits\.git\)/) })
    }
    expect(sockets.length).toBe(2)
    await nothingListens()
  })

  test('because it never stops listing refs runs into the limit and leaves no process', async () => {
    serve = (socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/x-git-upload-pack-advertisement\r\n\r\n001e# service=git-upload-pack\n0000')
        let number = 0
        const more = (): void => {
          const line = `${'0'.repeat(39)}1 refs/tags/v1.0.${number++}${number === 1 ? '\0agent=x' : ''}\n`
          if (!socket.destroyed) socket.write(`${(line.length + 4).toString(16).padStart(4, '0')}${line}`, () => setImmediate(more))
        }
        more()
      })
    }
    await expect(world.openWith({ remote: url, limit: 400 }).listTags(signal)).rejects.toMatchObject({ code: 'remote_unreachable', message: expect.stringContaining('limits.git') })
    await nothingListens()
  })

  test('leaves in the mirror nothing of what it sent until the limit', async () => {
    await world.publish('v1.0.0', { 'docker-compose.yml': 'one' })
    const leftovers = ['objects/pack/tmp_pack_x1', 'refs/incoming.lock']
    const environment = await withProgram(world.root, 'git', `case " $* " in *" fetch "*) touch ${leftovers.join(' ')}; touch begun; sleep 60;; *) exec "$REAL" "$@";; esac`)
    await expect(world.openWith({ environment, limit: 2_000 }).fetch('v1.0.0', null, signal)).rejects.toMatchObject({ code: 'remote_unreachable' })
    const mirror = join(world.state, 'source.git')
    expect(await readdir(mirror)).toContain('begun')
    expect((await readdir(mirror, { recursive: true })).filter((path) => leftovers.includes(path))).toEqual([])
  })

  test('is not waited for because of a helper of git that left its process group', async () => {
    const environment = await withProgram(world.root, 'git', `case " $* " in *" ls-remote "*) setsid sh -c 'echo $$ > helper; exec sleep 60' > /dev/null & sleep 60;; *) exec "$REAL" "$@";; esac`)
    await expect(world.openWith({ environment, limit: 1_000 }).listTags(signal)).rejects.toMatchObject({ code: 'remote_unreachable', message: expect.stringContaining('limits.git') })
    process.kill(Number(await readFile(join(world.state, 'source.git', 'helper'), 'utf8')))
  })

  test('is left when its caller stops waiting, for the reason the caller gave', async () => {
    const reason = new UpdaterError('limit_exceeded', 'Everything before the switch took longer than 14 min.')
    const caller = new AbortController()
    serve = () => caller.abort(reason)
    await expect(world.openWith({ remote: url }).listTags(caller.signal)).rejects.toBe(reason)
    await nothingListens()
  })

  test('does not keep a look at what is here waiting', async () => {
    const commit = await world.publish('v1.0.0', { 'docker-compose.yml': 'one' })
    await world.open().fetch('v1.0.0', null, signal)
    const caller = new AbortController()
    const connected = new Promise<void>((resolve) => {
      serve = () => resolve()
    })
    const source = world.openWith({ remote: url })
    const stuck = source.fetch('v1.0.0', null, caller.signal).catch((error: unknown) => error)
    await connected
    expect(await source.has(commit, signal)).toBe(true)
    await source.checkout(commit, signal)
    expect(await world.laidOut()).toEqual([commit])
    caller.abort()
    expect(await stuck).toMatchObject({ code: 'cancelled' })
  })

  test('is not asked for what is here already', async () => {
    const commit = await world.publish('v1.0.0', { 'docker-compose.yml': 'one' })
    await world.open().fetch('v1.0.0', null, signal)
    const environment = await withProgram(world.root, 'git', 'case " $* " in *" fetch "*) echo "fatal: asked again" >&2; exit 128;; *) exec "$REAL" "$@";; esac')
    const source = world.openWith({ environment })
    expect(await source.fetch('v1.0.0', commit, signal)).toBe(commit)
    await world.publish('v1.1.0', { 'docker-compose.yml': 'two' })
    await expect(source.fetch('v1.1.0', null, signal)).rejects.toMatchObject({ code: 'remote_unreachable', message: expect.stringContaining('asked again') })
  })

  test('because nobody listens there is told at once', async () => {
    server.close()
    await once(server, 'close')
    await expect(world.openWith({ remote: url }).listTags(signal)).rejects.toMatchObject({ code: 'remote_unreachable', message: expect.stringContaining(url) })
  })
})
