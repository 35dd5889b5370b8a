import { expect, it } from 'vitest'
import { createEngineView } from '../../../src/docker/engine-view.ts'
import { containerIn } from '../../../src/docker/own-container.ts'
import { services } from '../../contract/container-runtime/suite.ts'
import { bringUp, limit } from '../../contract/container-runtime/world.ts'
import { onEngine, type EngineWorld } from './on-engine.ts'

const viewOf = ({ engine, project, projectDirectory }: EngineWorld, changes: { readonly project?: string; readonly composeCommand?: readonly string[] } = {}) => createEngineView({
  dockerHost: engine.env.DOCKER_HOST, composeCommand: engine.composeCommand, environment: engine.env, project, projectDirectory, engineCall: 20_000, ...changes,
})

onEngine('What doctor asks of an engine', (here) => {
  it('is answered: version, clock, Compose, room', async () => {
    const view = viewOf(here())
    const { version, skewMs } = await view.describe(limit())
    expect(version).toMatch(/^\d+\.\d+/)
    expect(Math.abs(skewMs ?? Number.NaN)).toBeLessThan(2_000)
    expect(await view.composeVersion(limit())).toMatch(/^v?\d+\.\d+\.\d+/)
    const free = await view.freeSpace(limit())
    expect(free?.bytes).toBeGreaterThan(1e6)
  })

  it('tells a compose command that is none', async () => {
    await expect(viewOf(here(), { composeCommand: ['no-such-compose'] }).composeVersion(limit())).rejects.toMatchObject({ code: 'compose_failed', message: expect.stringContaining('no-such-compose') })
  })

  it('tells images that were kept for an operation, by this project only', async () => {
    const world = here()
    const [bot] = await bringUp(world.runtime, world.release('good'), [services.bot])
    expect(await viewOf(world).keptImages(limit())).toEqual([])
    await world.runtime.keepImage(bot?.id ?? '', '00000000000000f7', limit())
    expect(await viewOf(world).keptImages(limit())).toEqual([{ image: expect.stringMatching(/:keep-00000000000000f7$/), operation: '00000000000000f7' }])
    expect(await viewOf(world, { project: 'another' }).keptImages(limit())).toEqual([])
  })

  it('knows the container around a process by the mounts that the engine makes in each', async () => {
    const world = here()
    const [bot] = await bringUp(world.runtime, world.release('good'), [services.bot])
    const exec = await world.docker.getContainer(bot?.id ?? '').exec({ Cmd: ['/nodejs/bin/node', '-p', 'require("node:fs").readFileSync("/proc/self/mountinfo", "utf8")'], AttachStdout: true, Tty: true })
    const stream = await exec.start({ Tty: true })
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(Buffer.from(chunk))
    expect(containerIn(Buffer.concat(chunks).toString('utf8'))).toBe(bot?.id)
  })

  it('is told to be unreachable while the engine is down, and answers again when it is back', async () => {
    const { engine } = here()
    const view = viewOf(here())
    await engine.kill()
    for (const look of [view.describe(limit()), view.freeSpace(limit()), view.keptImages(limit())]) await expect(look).rejects.toMatchObject({ code: 'engine_unreachable' })
    await engine.restart()
    expect((await view.describe(limit())).version).toMatch(/^\d/)
  })
})
