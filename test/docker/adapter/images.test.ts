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
const closed = '0123456789abcdef'

async function everyTag({ docker }: EngineWorld): Promise<string[]> {
  return (await docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? [])
}

async function tagsOf(world: EngineWorld): Promise<string[]> {
  return (await everyTag(world)).filter((tag) => tag.startsWith('contract-')).sort()
}

function named(name: string): { readonly repo: string; readonly tag: string } {
  const [repo = '', tag = ''] = name.split(':')
  return { repo, tag }
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
    await runtime.keepImage(started.id, closed, limit())
    await clear(world)
    await bringUp(runtime, world.release('next'), [services.bot])
    expect((await docker.getImage(`contract-bot:keep-${closed}`).inspect()).Id).toBe(started.imageId)
    await runtime.prune(new Set([world.release('next').commit]), everyService, limit())
    await expect(docker.getImage(started.imageId).inspect()).rejects.toMatchObject({ statusCode: 404 })
  })

  it('of others are never removed', async () => {
    const { runtime, release, docker } = here()
    await bringUp(runtime, release('good'), [services.bot])
    await runtime.build(release('next'), [services.bot], () => undefined, limit())
    const theirs = ['contract-bot:mine', 'contract-bot:0123456789ab', 'backup/contract-bot:0123456789ab', `backup/contract-bot:keep-${closed}`]
    for (const name of theirs.slice(0, 2)) await docker.getImage('node:20-bookworm-slim').tag(named(name))
    for (const name of theirs.slice(2)) await docker.getImage(`contract-bot:${release('next').commit.slice(0, 12)}`).tag(named(name))
    await runtime.prune(nothing, everyService, limit())
    const tags = await everyTag(here())
    expect(tags).toEqual(expect.arrayContaining([...theirs, 'node:20-bookworm-slim']))
    expect(tags).not.toContain(`contract-bot:${release('next').commit.slice(0, 12)}`)
    for (const name of theirs) await docker.getImage(name).remove()
  })

  it('of another project on the same engine are never removed, nor what it keeps for an operation, though the names are the same', async () => {
    const { runtime, another, release, docker, project } = here()
    const other = another({ project: `${project}other` })
    const [theirs] = await bringUp(other, release('next'), [services.bot])
    if (theirs === undefined) throw new Error('no container was started')
    await other.keepImage(theirs.id, closed, limit())
    const [ours] = await bringUp(runtime, release('good'), [services.bot])
    await runtime.keepImage(ours?.id ?? '', 'fedcba9876543210', limit())
    await runtime.prune(nothing, everyService, limit())
    const tags = await everyTag(here())
    const theirNames = [`contract-bot:${release('next').commit.slice(0, 12)}`, `contract-bot:keep-${closed}`]
    expect(tags).toEqual(expect.arrayContaining(theirNames))
    expect(tags).not.toContain('contract-bot:keep-fedcba9876543210')
    await other.stop(theirs.id, 100, limit())
    await other.remove(theirs.id, limit())
    for (const name of theirNames) await docker.getImage(name).remove()
  })

  it('of another project do not count as built, since its updater removes them', async () => {
    const { runtime, another, release, project } = here()
    const other = another({ project: `${project}other` })
    await other.build(release('next'), [services.bot], () => undefined, limit())
    expect(await runtime.build(release('next'), [services.bot], () => undefined, limit())).toMatchObject({ built: [services.bot] })
    await other.prune(nothing, everyService, limit())
    expect(await runtime.missingImages(release('next'), [services.bot], limit())).toEqual([])
  })

  it('of a service without a container are removed under the name that they were built under', async () => {
    const { runtime, release } = here()
    await runtime.build(release('next'), [services.blue], () => undefined, limit())
    await runtime.prune(nothing, everyService, limit())
    expect(await runtime.missingImages(release('next'), [services.blue], limit())).toEqual([services.blue])
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
