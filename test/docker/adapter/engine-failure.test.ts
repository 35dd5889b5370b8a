import { expect, it } from 'vitest'
import { services } from '../../contract/container-runtime/suite.ts'
import { bringUp, limit, waitForLines } from '../../contract/container-runtime/world.ts'
import { errorOf } from '../../unit/docker/project.ts'
import { runningBuildSteps } from './build-steps.ts'
import { onEngine } from './on-engine.ts'

onEngine('An engine that dies and comes back', (here) => {
  it('is told to be unreachable, and is used again as soon as it is back', async () => {
    const { runtime, release, engine } = here()
    const [started] = await bringUp(runtime, release('good'), [services.bot])
    await engine.kill()
    await expect(runtime.containers([services.bot], limit())).rejects.toMatchObject({ code: 'engine_unreachable' })
    await expect(here().another({ engineCall: 300 }).stop(started?.id ?? '', 100, limit())).rejects.toMatchObject({ code: 'exit_unseen' })
    await engine.restart()
    expect(await runtime.containers([services.bot], limit())).toMatchObject([{ id: started?.id }])
  })

  it('does not keep a stop from being seen to its end', async () => {
    const { runtime, release, engine } = here()
    const [started] = await bringUp(runtime, release('stubborn'), [services.bot])
    if (started === undefined) throw new Error('no container was started')
    await waitForLines(runtime, started.id, ['ready'])
    const stop = runtime.stop(started.id, 20_000, limit())
    await waitForLines(runtime, started.id, ['asked to end'])
    await engine.kill()
    await engine.restart()
    await stop
    expect(await runtime.containers([services.bot], limit())).toMatchObject([{ id: started.id, state: 'exited' }])
  })

  it('ends a build with an error instead of leaving it hanging', async () => {
    const { runtime, release, engine } = here()
    const othersSteps = new Set(runningBuildSteps())
    let begun = (): void => undefined
    const running = new Promise<void>((resolve) => {
      begun = resolve
    })
    const build = errorOf(runtime.build(release('endless'), [services.bot], ({ line }) => line.includes('building') && begun(), limit()))
    await running
    await engine.kill()
    // The engine's builder has no shim that would end its step with it.
    for (const pid of runningBuildSteps().filter((pid) => !othersSteps.has(pid))) process.kill(pid, 'SIGKILL')
    expect(await build).toMatchObject({ code: expect.stringMatching(/^engine_(unreachable|failed)$/) })
    await engine.restart()
    expect(await runtime.missingImages(release('endless'), [services.bot], limit())).toEqual([services.bot])
  })
})
