import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import { buildContract } from './build.ts'
import { adoptionContract } from './adoption.ts'
import { containerContract } from './containers.ts'
import { eventsContract } from './events.ts'
import { preflightContract } from './preflight.ts'
import { retentionContract } from './retention.ts'
import { clear } from './world.ts'
import type { ContainerRuntimeWorld } from './world.ts'

export { filesOf, imageOf, releaseKinds, releaseOf, services } from './releases.ts'

export { askOverHttp } from './world.ts'
export type { ContainerRuntimeWorld } from './world.ts'

/**
 * What every ContainerRuntime must do, told through the port alone. One world serves all of a suite; each test starts
 * with no container of the contract's services.
 */
export function containerRuntimeContract(name: string, makeWorld: () => Promise<ContainerRuntimeWorld>): void {
  describe(`${name} as a container runtime`, () => {
    let world: ContainerRuntimeWorld | undefined
    const here = (): ContainerRuntimeWorld => {
      if (world === undefined) throw new Error('the world of this suite was not made')
      return world
    }

    beforeAll(async () => {
      world = await makeWorld()
    }, 120_000)
    afterEach(async () => {
      await clear(here())
    })
    afterAll(async () => {
      await world?.close()
    }, 120_000)

    preflightContract(here)
    buildContract(here)
    containerContract(here)
    eventsContract(here)
    adoptionContract(here)
    retentionContract(here)
  })
}
