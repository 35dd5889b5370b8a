import { afterAll, describe, it } from 'vitest'
import { containerRuntimeContract } from '../../contract/container-runtime/suite.ts'
import { engineAvailable, missing } from '../../engine/availability.ts'
import { startEngine } from '../../engine/engine.ts'
import type { Engine } from '../../engine/engine.ts'
import { makeDockerWorld } from './fixture.ts'

const reason = missing(engineAvailable(), ['docker', 'traefik', 'compose'])

if (reason !== undefined) {
  describe.skip(`Docker as a container runtime (not run: ${reason})`, () => {
    it('does what every container runtime does', () => undefined)
  })
} else {
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
}
