import { describe, expect, it } from 'vitest'
import { UpdaterError } from '../../../src/rollout/errors.ts'
import type { BuildProgress } from '../../../src/rollout/model.ts'
import { services } from './releases.ts'
import { everyService, limit, testLimit } from './world.ts'
import type { ContainerRuntimeWorld } from './world.ts'

/** Images are made once, side by side, and wholly or not at all. */
export function buildContract(here: () => ContainerRuntimeWorld): void {
  describe('build', () => {
    it('makes the images of a release, and none a second time', async () => {
      const { runtime, release } = here()
      const good = release('good')
      await runtime.build(good, everyService, () => undefined, limit())
      expect(await runtime.missingImages(good, everyService, limit())).toEqual([])
      expect(await runtime.build(good, everyService, () => undefined, limit())).toMatchObject({ built: [] })
    }, testLimit)

    it('fault 27: tells the last lines of a build that fails, and leaves no image of that release', async () => {
      const { runtime, release } = here()
      const failing = release('failing-build')
      const error: unknown = await runtime.build(failing, [services.bot], () => undefined, limit()).catch((error: unknown) => error)
      if (!(error instanceof UpdaterError)) throw new Error(`not a failure of ours: ${String(error)}`)
      expect(error.code).toBe('build_failed')
      expect(error.message).toContain(services.bot)
      expect(JSON.stringify(error.details)).toContain('cannot find the module that nobody wrote')
      expect(await runtime.missingImages(failing, [services.bot], limit())).toEqual([services.bot])
    }, testLimit)

    it('builds side by side and tells of each build as it goes', async () => {
      const { runtime, release } = here()
      const progress: BuildProgress[] = []
      const report = await runtime.build(release('slow'), [services.blue, services.bot], (line) => progress.push(line), limit())
      expect([...report.built].sort()).toEqual([services.bot, services.blue].sort())
      const first = (service: string, word: string) =>
        progress.findIndex((line) => line.service === service && line.line.split(/\s+/).includes(word))
      const begun = [first(services.blue, 'building'), first(services.bot, 'building')]
      const ended = [first(services.blue, 'built'), first(services.bot, 'built')]
      expect([...begun, ...ended]).not.toContain(-1)
      expect(Math.max(...begun)).toBeLessThan(Math.min(...ended))
    }, testLimit)

    it('fault 27: ends builds that hang when it is cancelled, and leaves no image of that release', async () => {
      const { runtime, release } = here()
      const endless = release('endless')
      const cancel = new AbortController()
      let cancelled = 0
      const build = runtime.build(endless, [services.blue, services.bot], ({ line }) => {
        if (!cancel.signal.aborted && line.includes('building')) {
          cancelled = performance.now()
          cancel.abort(new UpdaterError('cancelled', 'An operator cancelled.'))
        }
      }, AbortSignal.any([cancel.signal, limit()]))
      await expect(build).rejects.toMatchObject({ code: 'cancelled' })
      expect(performance.now() - cancelled).toBeLessThan(5_000)
      expect(await runtime.missingImages(endless, [services.blue, services.bot], limit())).toEqual([services.blue, services.bot])
    }, testLimit)

    it('does not begin when it was cancelled before', async () => {
      const { runtime, release } = here()
      const signal = AbortSignal.abort(new UpdaterError('cancelled', 'An operator cancelled.'))
      await expect(runtime.build(release('endless'), [services.bot], () => undefined, signal)).rejects.toMatchObject({ code: 'cancelled' })
    })

    it('tells which tags do not point at a release, until they are moved there', async () => {
      const { runtime, release } = here()
      const [good, next] = [release('good'), release('next')]
      const both = [services.blue, services.bot]
      for (const one of [good, next]) await runtime.build(one, both, () => undefined, limit())
      await runtime.tag(good, both, limit())
      await runtime.tag(next, [services.bot], limit())
      expect(await runtime.mistagged(good, both, limit())).toEqual([services.bot])
      expect(await runtime.mistagged(next, both, limit())).toEqual([services.blue])
      await runtime.tag(good, [services.bot], limit())
      expect(await runtime.mistagged(good, both, limit())).toEqual([])
      // An image that is not there could not be pointed at.
      expect(await runtime.mistagged(release('endless'), both, limit())).toEqual([])
    }, testLimit)

    it('has no tag moved to an image that is not there', async () => {
      const { runtime, release } = here()
      await expect(runtime.tag(release('endless'), [services.bot], limit())).rejects.toMatchObject({ code: 'image_missing' })
    })
  })
}
