import Docker from 'dockerode'
import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { freeSpace, requireRoom } from '../../../src/docker/disk.ts'
import type { Engine } from '../../../src/docker/engine.ts'

/** Says where it keeps images, and knows no container. */
function engineIn(directory: string): Engine {
  const gone = Object.assign(new Error('no such container'), { statusCode: 404 })
  const docker = Object.assign(new Docker({ socketPath: '/nowhere' }), {
    info: async () => ({ DockerRootDir: directory }),
    getContainer: () => ({ inspect: () => Promise.reject(gone) }),
  })
  const call: Engine['call'] = (_what, signal, body) => body(docker, signal)
  return { call, callWithin: (_limit, what, signal, body) => call(what, signal, body) }
}

const { signal } = new AbortController()

test('the room in the engine\'s directory is told where it can be seen', async () => {
  const { bavail, bsize } = await statfs(tmpdir())
  const free = await freeSpace(engineIn(tmpdir()), signal)
  expect(free?.directory).toBe(tmpdir())
  expect(Math.abs((free?.bytes ?? 0) - bavail * bsize)).toBeLessThan(1e9)
})

test('nothing is told, and nothing refused, of an engine whose directory is not here and that has not made the container around us', async () => {
  expect(await freeSpace(engineIn('/no/such/directory'), signal)).toBeNull()
  expect(await freeSpace(engineIn('relative'), signal)).toBeNull()
  await expect(requireRoom(engineIn('/no/such/directory'), signal)).resolves.toBeUndefined()
})
