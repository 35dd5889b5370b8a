import { describe, expect, it } from 'vitest'
import { services } from './releases.ts'
import { everyService, limit } from './world.ts'
import type { ContainerRuntimeWorld } from './world.ts'

/** A release that cannot work is refused before anything is changed. */
export function preflightContract(here: () => ContainerRuntimeWorld): void {
  describe('preflight', () => {
    it('lets a sound release pass', async () => {
      const { runtime, release } = here()
      await runtime.preflight(release('good'), everyService, 0, limit())
    })

    it('refuses a release with all its reasons at once, each named, and with file and line', async () => {
      const { runtime, release } = here()
      const refusal = runtime.preflight(release('incomplete'), everyService, 0, limit())
      await expect(refusal).rejects.toMatchObject({ code: 'release_refused' })
      await expect(refusal).rejects.toThrow(/bot/)
      await expect(refusal).rejects.toThrow(/docker-compose\.yml:8:16 at v1\.0\.9: [^;]*NOBODY_SETS_THIS/)
    })

    it('refuses a release that needs more space than there is, without blaming the release', async () => {
      const { runtime, release } = here()
      await expect(runtime.preflight(release('good'), [services.blue], Number.MAX_SAFE_INTEGER, limit()))
        .rejects.toMatchObject({ code: 'disk_full' })
    })
  })
}
