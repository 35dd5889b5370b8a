import { createSimulatedDisk } from '../simulated-disk.ts'
import { trafficRouterContract } from './suite.ts'

trafficRouterContract('Traefik\'s file on the simulated disk', async () => {
  const { disk, directory, openRouter } = createSimulatedDisk()
  const routesPath = `${directory}/dynamic/updater-routes.yml`
  disk.makeDirectory(`${directory}/dynamic`)
  const reopen = () => openRouter(routesPath, `${directory}/.staging`)
  const textOf = async (path: string): Promise<string | null> => {
    const bytes = disk.read(path)
    return bytes === null ? null : new TextDecoder().decode(bytes)
  }
  return {
    router: reopen(),
    reopen,
    live: () => textOf(routesPath),
    edit: async (text) => disk.put(routesPath, text),
    textOf,
    dispose: () => Promise.resolve(),
  }
})
