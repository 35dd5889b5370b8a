import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Routes } from '../../../src/rollout/model.ts'
import type { Files } from '../../../src/rollout/ports.ts'
import { createNodeFiles } from '../../../src/storage/node-files.ts'
import { createRoutesReader } from '../../../src/traefik/read-routes.ts'
import { createTraefikRouter } from '../../../src/traefik/traefik-router.ts'
import { deferred } from '../../api/deferred.ts'
import { todaysTopology } from '../../contract/traffic-router/topologies.ts'
import { killedAt } from '../storage/failing-files.ts'

const never = new AbortController().signal

describe('the routes file when the disk fails', () => {
  let directory: string
  let routesPath: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'zeth-routes-'))
    routesPath = join(directory, 'dynamic', 'updater-routes.yml')
    await mkdir(join(directory, 'dynamic'))
  })
  afterEach(() => rm(directory, { recursive: true }))

  const files = createNodeFiles()
  const readRoutes = createRoutesReader()
  const routerOn = (on: Files = files) => createTraefikRouter({ routesPath, stagingDirectory: join(directory, '.staging'), files: on, readRoutes })
  const old: Routes = { active: 'blue', generation: 'old', sequence: 1, topology: todaysTopology }
  const next: Routes = { active: 'green', generation: 'next', sequence: 2, topology: todaysTopology }
  const putInForce = async (routes: Routes, on?: Files) => {
    await routerOn(on).stage(routes)
    await routerOn(on).activate(routes.generation)
  }

  test.each(['instead', 'half', 'after'] as const)('killed at any call of a switch (%s), the complete old or the complete new version is there, and a repetition ends it', async (manner) => {
    const counted = killedAt(files, Number.POSITIVE_INFINITY, manner)
    await putInForce(next, counted)
    expect(counted.calls.filter((call) => call === 'rename')).toHaveLength(2)
    for (let call = 1; call <= counted.calls.length; call += 1) {
      await putInForce(old)
      await routerOn().sweep(never)
      await expect(putInForce(next, killedAt(files, call, manner)), `call ${call}`).rejects.toMatchObject({ code: 'routes_unwritable' })
      expect([routerOn().render(old), routerOn().render(next)], `call ${call}`).toContain(await readFile(routesPath, 'utf8'))
      await putInForce(next)
      expect(await routerOn().read()).toMatchObject({ generation: 'next' })
    }
  })

  test('on a full disk the prepared way back still goes into force', async () => {
    await putInForce(old)
    await routerOn().stage({ ...old, generation: 'back' })
    await putInForce(next)
    const full = () => Promise.reject(Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }))
    const router = routerOn({ ...files, create: full, append: full, makeDirectory: full })
    await expect(router.stage({ ...old, generation: 'another' })).rejects.toMatchObject({ code: 'routes_unwritable', message: expect.stringMatching(/disk is full; free some space/) })
    await router.activate('back')
    expect(await router.read()).toMatchObject({ active: 'blue', generation: 'back' })
  })

  test('a prepared version stays good when preparing it again fails', async () => {
    await routerOn().stage(old)
    await expect(routerOn(killedAt(files, 4, 'instead')).stage(old)).rejects.toMatchObject({ code: 'routes_unwritable' })
    await routerOn().activate('old')
    expect(await routerOn().read()).toMatchObject({ generation: 'old' })
  })

  test('a sweep that had to give way removes nothing that was prepared since, although the disk lists it only then', async () => {
    await routerOn().stage(old)
    const giveWay = new AbortController()
    const prepared = deferred<undefined>()
    const slow: Files = { ...files, list: (directory) => prepared.promise.then(() => files.list(directory)) }
    const swept = routerOn(slow).sweep(giveWay.signal)
    giveWay.abort()
    await routerOn().stage(next)
    prepared.resolve(undefined)
    await swept
    await routerOn().activate('next')
    expect(await routerOn().read()).toMatchObject({ generation: 'next' })
  })

  test.each([0, 40])('a prepared version of which only %d bytes are left is not put in force: Traefik would drop its routes', async (length) => {
    await putInForce(old)
    await routerOn().stage(next)
    await truncate(join(directory, '.staging', 'routes-next.yml'), length)
    await expect(routerOn().activate('next')).rejects.toMatchObject({ code: 'routes_unwritable', message: expect.stringContaining('damaged') })
    expect(await routerOn().read()).toMatchObject({ generation: 'old' })
  })

  test.each([
    ['EBUSY', /itself is a mount; mount its directory instead/],
    ['EXDEV', /another mount than the file; put both under one mount/],
    ['EROFS', /read-only; mount it writable/],
    ['EACCES', /permission denied/],
  ])('a rename refused with %s tells the mend', async (code, sentence) => {
    await routerOn().stage(old)
    const refusing: Files = { ...files, rename: () => Promise.reject(Object.assign(new Error('permission denied'), { code })) }
    await expect(routerOn(refusing).activate('old')).rejects.toMatchObject({ code: 'routes_unwritable', message: expect.stringMatching(sentence) })
  })

  test('a routes file that cannot be read is unreadable, with the reason', async () => {
    await mkdir(routesPath)
    expect(await routerOn().read()).toMatchObject({ kind: 'unreadable', reason: expect.stringContaining('EISDIR') })
  })

  test('bytes that are no text are unreadable', async () => {
    await writeFile(routesPath, Buffer.from([0x68, 0xff, 0xfe]))
    expect(await routerOn().read()).toEqual({ kind: 'unreadable', reason: 'it is not UTF-8 text' })
  })
})
