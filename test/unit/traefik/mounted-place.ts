import { createNodeFiles } from '../../../src/storage/node-files.ts'
import { checkRoutesPlace } from '../../../src/traefik/routes-place.ts'
import { createTraefikRouter } from '../../../src/traefik/traefik-router.ts'

/* Run in a mount namespace of its own: prints what the check says, and what a rename really does there. */

const root = process.argv[2] ?? ''
const [routesPath, stagingDirectory] = [`${root}/dynamic/updater-routes.yml`, `${root}/.staging`]
const router = createTraefikRouter({ routesPath, stagingDirectory, files: createNodeFiles() })

async function activate(): Promise<string | null> {
  try {
    await router.stage({ active: 'blue', generation: 'g1', sequence: 1, topology: { groups: [], singletons: [] } })
    await router.activate('g1')
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const answer = { check: await checkRoutesPlace({ routesPath, stagingDirectory }), rename: await activate() }
process.stdout.write(JSON.stringify(answer))
