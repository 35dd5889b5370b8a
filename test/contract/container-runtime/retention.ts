import { describe, expect, it } from 'vitest'
import { services } from './releases.ts'
import { bringUp, clear, everyService, limit, testLimit } from './world.ts'
import type { ContainerRuntimeWorld } from './world.ts'

/** Old images go, the way back stays. */
export function retentionContract(here: () => ContainerRuntimeWorld): void {
  describe('prune', () => {
    it('removes releases that are not kept and leaves the way back whole', async () => {
      const { runtime, release } = here()
      const [good, next, other] = [release('good'), release('next'), release('unhealthy')]
      await runtime.build(other, [services.bot], () => undefined, limit())
      await bringUp(runtime, good, [services.bot])
      await clear(here())
      await bringUp(runtime, next, [services.bot])
      await runtime.prune(new Set([good.commit, next.commit]), everyService, limit())
      expect(await runtime.missingImages(other, [services.bot], limit())).toEqual([services.bot])
      expect(await runtime.missingImages(good, [services.bot], limit())).toEqual([])
      expect(await runtime.missingImages(next, [services.bot], limit())).toEqual([])
      await clear(here())
      await runtime.tag(good, [services.bot], limit())
      expect(await runtime.up(good, [services.bot], limit())).toMatchObject([{ commit: good.commit, state: 'running' }])
    }, testLimit)

    it('gives up what operations kept', async () => {
      const { runtime, release } = here()
      const [good, next] = [release('good'), release('next')]
      const [old] = await bringUp(runtime, good, [services.bot])
      await runtime.keepImage(old?.id ?? '', '0123456789abcdef', limit())
      await clear(here())
      await bringUp(runtime, next, [services.bot])
      await runtime.prune(new Set([next.commit]), everyService, limit())
      await runtime.restoreKept('0123456789abcdef', good, [services.bot], limit())
      expect(await runtime.missingImages(good, [services.bot], limit())).toEqual([services.bot])
    }, testLimit)

    it('leaves a name that an operator gave an image, and the image with it', async () => {
      const { runtime, release, nameByHand } = here()
      const [good, other] = [release('good'), release('unhealthy')]
      await runtime.build(other, [services.bot], () => undefined, limit())
      await bringUp(runtime, good, [services.bot])
      const names = await Promise.all(['keep-good', 'keep-0123', 'v1', 'deadbeef'].map((tag) => nameByHand(other, services.bot, tag)))
      await runtime.prune(new Set([good.commit]), everyService, limit())
      expect(await runtime.missingImages(other, [services.bot], limit())).toEqual([services.bot])
      for (const name of names) {
        expect(await name.isThere(), name.name).toBe(true)
        await name.remove()
      }
    }, testLimit)

    it('goes on past an image that cannot be removed, tells that it is still there, and removes it the next time', async () => {
      const { runtime, release, whereStuck } = here()
      const [good, other] = [release('good'), release('unhealthy')]
      await bringUp(runtime, good, [services.blue, services.bot])
      for (const [stays, goes] of [[services.blue, services.bot], [services.bot, services.blue]] as const) {
        await runtime.build(other, [stays, goes], () => undefined, limit())
        const stuck = await whereStuck(other, stays)
        await expect(stuck.runtime.prune(new Set([good.commit]), everyService, limit()), `with the image of ${stays} stuck`).rejects.toMatchObject({
          code: 'engine_failed', message: expect.stringMatching(/^1 image .*could not be removed/),
        })
        expect(await runtime.missingImages(other, [goes], limit())).toEqual([goes])
        await stuck.mend()
        await runtime.prune(new Set([good.commit]), everyService, limit())
        expect(await runtime.missingImages(other, [stays, goes], limit())).toEqual([stays, goes])
      }
    }, testLimit)

    it('does not disturb what runs, kept or not', async () => {
      const { runtime, release } = here()
      const [started] = await bringUp(runtime, release('good'), [services.bot])
      await runtime.prune(new Set(), everyService, limit())
      expect(await runtime.containers([services.bot], limit())).toMatchObject([{ id: started?.id, state: 'running' }])
    }, testLimit)
  })
}
