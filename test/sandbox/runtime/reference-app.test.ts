import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { hostTablePath } from '../../../src/sandbox/runtime.ts'
import { type Router, startRouter } from '../../../src/sandbox/router/router.ts'
import { defaultTopology } from '../../../src/settings/defaults.ts'
import { renderRoutes } from '../../../src/traefik/render.ts'
import { defaultTransportLimits } from '../../../src/traefik/transport-limits.ts'
import { bringUp, limit } from '../../contract/container-runtime/world.ts'
import { until } from '../router/router-world.ts'
import { type SandboxWorld, makeSandboxWorld, writeFiles } from './sandbox-world.ts'
import { release } from './small-release.ts'

const services = ['zetherion-ai-skills-blue', 'zetherion-ai-api-blue']

let world: SandboxWorld
let router: Router | undefined
beforeEach(async () => {
  world = await makeSandboxWorld()
})
afterEach(async () => {
  await router?.close()
  await world.close()
})

it('runs the reference app as its compose file says, behind the router', async () => {
  const { options, runtime } = world
  await cp(join(import.meta.dirname, '../../../reference-app'), join(options.releasesDirectory, release.commit), { recursive: true })
  await writeFiles(options.projectDirectory, {
    '.env': 'SKILLS_API_SECRET=for-this-test-only\nGATEWAY_URL=tcp://127.0.0.1:9\nSKILLS_HOST=127.0.0.1\nAPI_HOST=127.0.0.1\n',
  })
  const dynamic = join(world.directory, 'dynamic')
  await mkdir(dynamic)
  await writeFiles(dynamic, { 'updater-routes.yml': renderRoutes({ active: 'blue', generation: 'g1', sequence: 1, topology: defaultTopology }, defaultTransportLimits) })
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
  router = await startRouter({ routes: dynamic, hosts: hostTablePath(options.directory), entryPoints: { skills: 0, api: 0, internal: 0 }, log })
  const { ports } = router

  await runtime.preflight(release, services, 0, limit())
  await bringUp(runtime, release, services)
  await until('both to be healthy', async () => ((await runtime.containers(services, limit())).every(({ health }) => health === 'healthy') ? true : undefined))
  for (const [entryPoint, path] of [['skills', '/health'], ['api', '/v1/ping'], ['internal', '/preview/api/blue/health']] as const) {
    const answer = await until(`${entryPoint} to be served`, async () => {
      const found = await fetch(`http://127.0.0.1:${ports[entryPoint]}${path}`)
      return found.ok ? found : undefined
    })
    expect(answer.headers.get('x-updater-generation')).toBe('g1')
  }
})
