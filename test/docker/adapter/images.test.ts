import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect, it, vi } from 'vitest'
import { UpdaterError } from '../../../src/rollout/errors.ts'
import { filesOf, services } from '../../contract/container-runtime/suite.ts'
import { bringUp, clear, everyService, limit } from '../../contract/container-runtime/world.ts'
import { runningBuildSteps } from './build-steps.ts'
import { writeFiles } from './fixture.ts'
import { onEngine } from './on-engine.ts'
import type { EngineWorld } from './on-engine.ts'

const nothing = new Set<string>()

async function tagsOf({ docker }: EngineWorld): Promise<string[]> {
  return (await docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []).filter((tag) => tag.startsWith('contract-')).sort()
}

onEngine('Images on a Docker engine', (here) => {
  it.each(['buildkit', 'classic'] as const)('are left as they were when a build by %s is cancelled, and no step runs on', async (builder) => {
    const world = here()
    const imagesBefore = (await world.docker.listImages()).length
    const before = await tagsOf(world)
    const othersSteps = new Set(runningBuildSteps())
    const ourSteps = () => runningBuildSteps().filter((pid) => !othersSteps.has(pid))
    let seenRunning = false
    const cancel = new AbortController()
    const build = world.another({ builder }).build(world.release('endless'), [services.blue, services.bot], ({ line }) => {
      seenRunning ||= ourSteps().length > 0
      if (line.includes('building')) cancel.abort(new UpdaterError('cancelled', 'An operator cancelled.'))
    }, cancel.signal)
    await expect(build).rejects.toMatchObject({ code: 'cancelled' })
    expect(seenRunning).toBe(true)
    await vi.waitUntil(() => ourSteps().length === 0, { timeout: 5_000, interval: 20 })
    await vi.waitUntil(async () => (await world.docker.listContainers({ all: true })).length === 0, { timeout: 5_000, interval: 20 })
    expect(await tagsOf(world)).toEqual(before)
    await vi.waitUntil(async () => (await world.docker.listImages()).length === imagesBefore, { timeout: 5_000, interval: 20 })
  })

  it('leave no container and no nameless image of a failed build by the classic builder behind', async () => {
    const { another, release, docker } = here()
    const before = (await docker.listImages()).map(({ Id }) => Id).sort()
    await expect(another({ builder: 'classic' }).build(release('failing-build'), [services.bot], () => undefined, limit())).rejects.toMatchObject({ code: 'build_failed' })
    expect(await docker.listContainers({ all: true })).toEqual([])
    expect((await docker.listImages()).map(({ Id }) => Id).sort()).toEqual(before)
  })

  it('are not made of an archive that breaks off', async () => {
    const world = here()
    const archive = (): PassThrough => {
      const broken = new PassThrough()
      broken.write(Buffer.alloc(512))
      setImmediate(() => broken.destroy(new UpdaterError('unknown_commit', 'The mirror holds no such commit.')))
      return broken
    }
    await expect(world.another({ archive }).build(world.release('unhealthy'), [services.bot], () => undefined, limit())).rejects.toMatchObject({ code: 'unknown_commit' })
    expect(await world.runtime.missingImages(world.release('unhealthy'), [services.bot], limit())).toEqual([services.bot])
  })

  it('say why a Dockerfile cannot be understood, and blame the release', async () => {
    const { runtime, release, releasesDirectory } = here()
    await writeFiles(join(releasesDirectory, release('good').commit), { 'bot/Dockerfile': 'FROM gcr.io/distroless/nodejs20-debian12\nRUM typo\n' })
    for (const builder of ['buildkit', 'classic'] as const) {
      const build = here().another({ builder }).build(release('good'), [services.bot], () => undefined, limit())
      await expect(build, builder).rejects.toMatchObject({ code: 'build_failed', message: expect.stringMatching(/RUM/i) })
    }
    expect(await runtime.missingImages(release('good'), [services.bot], limit())).toEqual([services.bot])
  })

  it('are built again when arguments change, though the commit does not', async () => {
    const { runtime, release, projectDirectory } = here()
    await runtime.build(release('next'), [services.bot], () => undefined, limit())
    await writeFiles(projectDirectory, { 'docker-compose.override.yml': 'services: { bot: { build: { args: { CHANNEL: beta } } } }' })
    expect(await runtime.build(release('next'), [services.bot], () => undefined, limit())).toMatchObject({ built: [services.bot] })
    expect(await runtime.build(release('next'), [services.bot], () => undefined, limit())).toMatchObject({ built: [] })
  })

  it('that nothing but an operation kept are gone from the engine, with the mark, when room is made', async () => {
    const world = here()
    const { runtime, docker } = world
    const [started] = await bringUp(runtime, world.release('good'), [services.bot])
    if (started === undefined) throw new Error('no container was started')
    await runtime.keepImage(started.id, 'closed', limit())
    await clear(world)
    await bringUp(runtime, world.release('next'), [services.bot])
    expect((await docker.getImage('contract-bot:keep-closed').inspect()).Id).toBe(started.imageId)
    await runtime.prune(new Set([world.release('next').commit]), everyService, limit())
    await expect(docker.getImage(started.imageId).inspect()).rejects.toMatchObject({ statusCode: 404 })
  })

  it('of others are never removed', async () => {
    const { runtime, release, docker } = here()
    await docker.getImage('node:20-bookworm-slim').tag({ repo: 'contract-bot', tag: 'mine' })
    await docker.getImage('node:20-bookworm-slim').tag({ repo: 'contract-bot', tag: '0123456789ab' })
    await bringUp(runtime, release('good'), [services.bot])
    await runtime.prune(nothing, everyService, limit())
    const tags = (await docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? [])
    expect(tags).toEqual(expect.arrayContaining(['contract-bot:mine', 'contract-bot:0123456789ab', 'node:20-bookworm-slim']))
    for (const tag of ['mine', '0123456789ab']) await docker.getImage(`contract-bot:${tag}`).remove()
  })

  it('leave no more build cache than the limit allows', async () => {
    const { another, release, docker } = here()
    await another({}).build(release('stubborn'), [services.bot], () => undefined, limit())
    await another({ buildCacheLimit: 0 }).prune(nothing, everyService, limit())
    const usage: { readonly BuildCache: readonly unknown[] | null } = await docker.df()
    expect(usage.BuildCache ?? []).toEqual([])
  })

  it('that are missing are never pulled: nothing is started', async () => {
    const world = here()
    await writeFiles(join(world.releasesDirectory, world.release('good').commit), {
      'docker-compose.yml': (filesOf('good')['docker-compose.yml'] ?? '').replaceAll('contract-bot:current', 'nowhere.invalid/contract-bot:current'),
    })
    await expect(world.runtime.up(world.release('good'), [services.bot], limit())).rejects.toMatchObject({ code: 'image_missing' })
    expect(await world.runtime.containers(everyService, limit())).toEqual([])
  })
})
