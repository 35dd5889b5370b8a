import { createSimulatedDisk } from '../simulated-disk.ts'
import { recordStoreContract } from './suite.ts'

recordStoreContract('one JSON file on the simulated disk', async () => {
  const { files, directory, openRecordStore } = createSimulatedDisk()
  const path = `${directory}/updater-state.json`
  return { files, path, open: () => openRecordStore(path), dispose: () => Promise.resolve() }
})
