import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNodeFiles } from '../../../src/storage/node-files.ts'
import { createStorageChecks } from '../../../src/storage/record-schema.ts'
import { createRecordStore } from '../../../src/storage/record-store.ts'
import { createSystemRandom } from '../../../src/storage/system-random.ts'
import { silentLog } from '../../unit/storage/silent-log.ts'
import { recordStoreContract } from './suite.ts'

const checks = createStorageChecks()

recordStoreContract('one JSON file on this machine', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'zeth-record-'))
  const path = join(directory, 'updater-state.json')
  const files = createNodeFiles()
  return {
    files,
    path,
    open: () => createRecordStore({ path, files, random: createSystemRandom(), log: silentLog, checks }),
    dispose: () => rm(directory, { recursive: true }),
  }
})
