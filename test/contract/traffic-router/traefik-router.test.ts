import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNodeFiles } from '../../../src/storage/node-files.ts'
import { createTraefikRouter } from '../../../src/traefik/traefik-router.ts'
import { trafficRouterContract } from './suite.ts'

trafficRouterContract('Traefik\'s file on this machine', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'zeth-routes-'))
  await mkdir(join(directory, 'dynamic'))
  const routesPath = join(directory, 'dynamic', 'updater-routes.yml')
  const reopen = () => createTraefikRouter({ routesPath, stagingDirectory: join(directory, '.staging'), files: createNodeFiles() })
  const textOf = (path: string) => readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  return {
    router: reopen(),
    reopen,
    live: () => textOf(routesPath),
    edit: (text) => writeFile(routesPath, text),
    textOf,
    dispose: () => rm(directory, { recursive: true }),
  }
})
