import { join } from 'node:path'
import { askOverHttp, containerRuntimeContract, filesOf, releaseKinds, releaseOf } from '../../contract/container-runtime/suite.ts'
import { makeSandboxWorld, writeFiles } from './sandbox-world.ts'

containerRuntimeContract('the sandbox', async () => {
  const world = await makeSandboxWorld()
  for (const kind of releaseKinds) await world.addRelease(releaseOf(kind), filesOf(kind))
  const compose = filesOf('good')['docker-compose.yml'] ?? ''
  await writeFiles(join(world.options.projectDirectory), { 'docker-compose.yml': compose })
  return { runtime: world.runtime, release: releaseOf, ask: askOverHttp, close: () => world.close() }
})
