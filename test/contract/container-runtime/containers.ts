import { describe, expect, it } from 'vitest'
import { services } from './releases.ts'
import { bringUp, everyService, limit, testLimit, waitForContainer, waitForLines } from './world.ts'
import type { ContainerRuntimeWorld } from './world.ts'

const gone = 'f'.repeat(64)

/** Containers are created and started from a release, observed, and ended for certain. */
export function containerContract(here: () => ContainerRuntimeWorld): void {
  describe('containers', () => {
    it('start from the release and tell which one they run', async () => {
      const { runtime, release } = here()
      const good = release('good')
      const started = await bringUp(runtime, good, [services.blue, services.bot])
      expect(started.map(({ service }) => service).sort()).toEqual([services.bot, services.blue].sort())
      for (const container of started) {
        expect(container).toMatchObject({ state: 'running', commit: good.commit, exitCode: null, restarts: 0 })
        expect(container.address).not.toBeNull()
        expect(Number.isNaN(Date.parse(container.startedAt ?? ''))).toBe(false)
        await waitForLines(runtime, container.id, [`release ${good.version}`])
      }
      expect(await runtime.containers([services.green], limit())).toEqual([])
    }, testLimit)

    it('answer at the address that they are found at', async () => {
      const { runtime, release, ask } = here()
      const good = release('good')
      const [started] = await bringUp(runtime, good, [services.blue])
      if (started === undefined) throw new Error('no container was started')
      await waitForLines(runtime, started.id, ['ready'])
      const found = await waitForContainer(runtime, started.id, 'running', ({ address }) => address !== null)
      expect(await ask(found, '/health')).toEqual({ status: 200, text: good.version })
    }, testLimit)

    it('stay the same ones when they are asked for again', async () => {
      const { runtime, release } = here()
      const [first] = await bringUp(runtime, release('good'), [services.bot])
      const [second] = await runtime.up(release('good'), [services.bot], limit())
      expect(second?.id).toBe(first?.id)
    }, testLimit)

    it('tell their last lines, oldest first, of both streams', async () => {
      const { runtime, release } = here()
      const [started] = await bringUp(runtime, release('good'), [services.bot])
      if (started === undefined) throw new Error('no container was started')
      await waitForLines(runtime, started.id, ['line 60', 'ready'])
      const last = await runtime.logs(started.id, 50, limit())
      expect(last.length).toBe(50)
      expect(last.filter((line) => line !== 'ready').slice(-3)).toEqual(['line 58', 'line 59', 'line 60'])
      expect(await runtime.logs(gone, 50, limit())).toEqual([])
    }, testLimit)

    it('tell why they are unhealthy', async () => {
      const { runtime, release } = here()
      const [started] = await bringUp(runtime, release('unhealthy'), [services.blue])
      if (started === undefined) throw new Error('no container was started')
      await waitForLines(runtime, started.id, ['waiting for a licence'])
      await waitForContainer(runtime, started.id, 'unhealthy', ({ health }) => health !== 'starting' && health !== 'healthy')
    }, testLimit)

    it('tell the exit code and the last words of one that ended by itself', async () => {
      const { runtime, release } = here()
      const [started] = await bringUp(runtime, release('dying'), [services.bot])
      if (started === undefined) throw new Error('no container was started')
      const ended = await waitForContainer(runtime, started.id, 'exited', ({ state }) => state === 'exited')
      expect(ended).toMatchObject({ exitCode: 3, address: null })
      expect(await runtime.logs(started.id, 50, limit())).toContain('the database is not there')
    }, testLimit)

    it('are stopped only when their exit was seen, the ones that ignore SIGTERM included', async () => {
      const { runtime, release } = here()
      const [started] = await bringUp(runtime, release('stubborn'), [services.bot])
      if (started === undefined) throw new Error('no container was started')
      await waitForLines(runtime, started.id, ['ready'])
      await runtime.stop(started.id, 1_000, limit())
      expect(await runtime.containers([services.bot], limit())).toMatchObject([{ id: started.id, state: 'exited', exitCode: 137 }])
      expect(await runtime.logs(started.id, 5, limit())).toContain('asked to end')
    }, testLimit)

    it('fault 24: may be stopped, started and removed again and again', async () => {
      const { runtime, release } = here()
      const [started] = await bringUp(runtime, release('good'), [services.bot])
      if (started === undefined) throw new Error('no container was started')
      await runtime.start(started.id, limit())
      await waitForLines(runtime, started.id, ['ready'])
      await runtime.stop(started.id, 5_000, limit())
      await runtime.stop(started.id, 5_000, limit())
      await runtime.start(started.id, limit())
      expect(await runtime.containers([services.bot], limit())).toMatchObject([{ id: started.id, state: 'running' }])
      await runtime.stop(started.id, 100, limit())
      await runtime.remove(started.id, limit())
      await runtime.remove(started.id, limit())
      await runtime.stop(started.id, 100, limit())
      expect(await runtime.containers(everyService, limit())).toEqual([])
      await expect(runtime.start(started.id, limit())).rejects.toMatchObject({ code: 'engine_failed' })
    }, testLimit)
  })

  describe('the singleton', () => {
    it('goes to the next release and back with never more than one container of it', async () => {
      const { runtime, release } = here()
      const [good, next] = [release('good'), release('next')]
      const [old] = await bringUp(runtime, good, [services.bot])
      if (old === undefined) throw new Error('no container was started')
      await runtime.build(next, [services.bot], () => undefined, limit())
      await runtime.keepImage(old.id, '0123456789abcdef', limit())
      await runtime.restoreKept('0123456789abcdef', good, [services.bot], limit())
      await runtime.restoreKept('fedcba9876543210', next, [services.green], limit())
      for (const target of [next, good]) {
        const before = await runtime.containers([services.bot], limit())
        expect(before.length).toBe(1)
        for (const { id } of before) {
          await waitForLines(runtime, id, ['ready'])
          await runtime.stop(id, 5_000, limit())
          await runtime.remove(id, limit())
        }
        expect(await runtime.containers([services.bot], limit())).toEqual([])
        await runtime.tag(target, [services.bot], limit())
        expect(await runtime.up(target, [services.bot], limit())).toMatchObject([{ service: services.bot, commit: target.commit }])
      }
      const [back] = await runtime.containers([services.bot], limit())
      expect(back?.imageId).toBe(old.imageId)
    }, testLimit)
  })
}
