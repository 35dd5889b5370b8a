import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Release } from '../../../src/rollout/model.ts'
import { services } from './releases.ts'
import { bringUp, clear, limit, testLimit } from './world.ts'
import type { ContainerRuntimeWorld } from './world.ts'

/** What was found running is a release like any other: it can be replaced, and come back. */
export function adoptionContract(here: () => ContainerRuntimeWorld): void {
  describe('adoption', () => {
    it('tells what the images say of themselves, and nothing where they disagree', async () => {
      const { runtime, release } = here()
      const good = release('good')
      const [web] = await bringUp(runtime, good, [services.blue])
      const [bot] = await bringUp(runtime, release('next'), [services.bot])
      if (web === undefined || bot === undefined) throw new Error('no container was started')
      expect(await runtime.identify([web], limit())).toEqual({ commit: good.commit, version: good.version })
      expect(await runtime.identify([web, bot], limit())).toEqual({ commit: null, version: null })
    }, testLimit)

    it('keeps what runs as a release that can be brought back', async () => {
      const { runtime, release } = here()
      const running = await bringUp(runtime, release('good'), [services.blue, services.bot])
      const adopted: Release = { tag: 'adopted', version: 'adopted', commit: `adopted-${'0123456789abcdef'.repeat(2)}` }
      await runtime.adopt(adopted, running, [], limit())
      await runtime.adopt(adopted, running, [], limit())
      expect(await runtime.missingImages(adopted, [services.blue, services.bot], limit())).toEqual([])
      await clear(here())
      await bringUp(runtime, release('next'), [services.bot])
      await clear(here())
      const [back] = await bringUp(runtime, adopted, [services.bot])
      expect(back?.imageId).toBe(running.find(({ service }) => service === services.bot)?.imageId)
    }, testLimit)

    it('keeps what the tag of a service without a container points at, where nothing tells the commit', async () => {
      const { runtime, release } = here()
      const good = release('good')
      const running = await bringUp(runtime, good, [services.blue, services.bot])
      const [bot] = running.filter(({ service }) => service === services.bot)
      if (bot === undefined) throw new Error('no bot was started')
      await runtime.stop(bot.id, 100, limit())
      await runtime.remove(bot.id, limit())
      const web = running.filter(({ service }) => service === services.blue)
      // Of its own each time: several worlds may share an engine, and what has a name keeps it.
      const adopted: Release = { tag: 'adopted', version: 'adopted', commit: `adopted-${randomBytes(16).toString('hex')}` }
      await runtime.adopt(adopted, web, [services.bot], limit())
      expect(await runtime.missingImages(adopted, [services.bot], limit())).toEqual([])
      const [back] = await bringUp(runtime, adopted, [services.bot])
      expect(back?.imageId).toBe(bot.imageId)
    }, testLimit)

    it('gives a commit of the repository to nothing that was not built of it', async () => {
      const { runtime, release } = here()
      const [web] = await bringUp(runtime, release('good'), [services.blue])
      if (web === undefined) throw new Error('no container was started')
      await bringUp(runtime, release('next'), [services.bot])
      const unbuilt: Release = { tag: 'v0.0.1', version: '0.0.1', commit: '0123456789abcdef0123456789abcdef01234567' }
      await runtime.adopt(unbuilt, [web], [services.bot], limit())
      expect(await runtime.missingImages(unbuilt, [services.blue, services.bot], limit())).toEqual([services.bot])
    }, testLimit)
  })
}
