import Docker from 'dockerode'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { clear } from '../../contract/container-runtime/world.ts'
import { startEngine } from '../../engine/engine.ts'
import type { Engine } from '../../engine/engine.ts'
import { describeWhereReady, wholeEngine } from '../../engine/where-ready.ts'
import { makeDockerWorld } from './fixture.ts'
import type { DockerWorld } from './fixture.ts'

/** A project on an engine, and a client of the test's own to look behind the adapter's back. */
export interface EngineWorld extends DockerWorld {
  readonly docker: Docker
}

/** Tests that need an engine: one engine for all of them, a fresh project for each. Without one, the reason is printed. */
export function onEngine(title: string, tests: (here: () => EngineWorld) => void): void {
  describeWhereReady(title, wholeEngine, () => {
    let engine: Engine | undefined
    let world: EngineWorld | undefined
    const here = (): EngineWorld => {
      if (world === undefined) throw new Error('the world of this test was not made')
      return world
    }

    beforeAll(async () => {
      engine = await startEngine()
    })
    beforeEach(async () => {
      if (engine === undefined) throw new Error('the engine was not started')
      world = { ...(await makeDockerWorld(engine)), docker: new Docker({ socketPath: engine.socketPath }) }
    })
    afterEach(async () => {
      await clear(here())
      await here().close()
    })
    afterAll(async () => {
      await engine?.stop()
    })

    tests(here)
  })
}
