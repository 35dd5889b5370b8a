import { createSimulatedDisk } from '../simulated-disk.ts'
import { filesContract } from './suite.ts'

filesContract('the simulated disk', async () => {
  const { files, directory } = createSimulatedDisk()
  return { files, directory, dispose: () => Promise.resolve() }
})
