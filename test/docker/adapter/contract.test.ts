import { afterAll } from 'vitest'
import { containerRuntimeContract } from '../../contract/container-runtime/suite.ts'
import { startEngine } from '../../engine/engine.ts'
import type { Engine } from '../../engine/engine.ts'
import { describeWhereReady, wholeEngine } from '../../engine/where-ready.ts'
import { makeDockerWorld } from './fixture.ts'

describeWhereReady('Docker as a container runtime', wholeEngine, () => {
  let engine: Promise<Engine> | undefined
  const world = (builder: 'buildkit' | 'classic') => async () => {
    engine ??= startEngine()
    return await makeDockerWorld(await engine, { builder })
  }
  afterAll(async () => {
    await (await engine)?.stop()
  }, 60_000)

  containerRuntimeContract('Docker with BuildKit', world('buildkit'))
  containerRuntimeContract('Docker with the classic builder', world('classic'))
})
