import { rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type StoredImage, createImageStore } from '../../../src/sandbox/images/image-store.ts'
import { askOverHttp, containerRuntimeContract, filesOf, imageOf, releaseKinds, releaseOf } from '../../contract/container-runtime/suite.ts'
import { makeSandboxWorld, writeFiles } from './sandbox-world.ts'

containerRuntimeContract('the sandbox', async () => {
  const world = await makeSandboxWorld()
  for (const kind of releaseKinds) await world.addRelease(releaseOf(kind), filesOf(kind))
  const compose = filesOf('good')['docker-compose.yml'] ?? ''
  await writeFiles(join(world.options.projectDirectory), { 'docker-compose.yml': compose })
  const images = createImageStore(join(world.options.directory, 'images'))
  const find = async (commit: string, service: string): Promise<StoredImage> => {
    const image = (await images.list()).find((image) => image.commit === commit && image.name === imageOf(service))
    if (image === undefined) throw new Error(`there is no image of ${service} of ${commit}`)
    return image
  }
  return {
    runtime: world.runtime,
    release: releaseOf,
    ask: askOverHttp,
    async whereStuck({ commit }, service) {
      const image = await find(commit, service)
      const [home, elsewhere] = [dirname(image.root), `${dirname(image.root)}-elsewhere`]
      await rename(home, elsewhere)
      return { runtime: world.runtime, mend: () => rename(elsewhere, home) }
    },
    async nameByHand({ commit }, service, tag) {
      const [{ id }, name] = [await find(commit, service), `${imageOf(service)}:${tag}`]
      await images.retag({ [name]: id })
      return { name, isThere: async () => (await images.find(name)) !== null, remove: () => images.retag({ [name]: null }) }
    },
    close: () => world.close(),
  }
})
