import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNodeFiles } from '../../../src/storage/node-files.ts'
import { filesContract } from './suite.ts'

filesContract('the operating system', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'zeth-files-'))
  return { files: createNodeFiles(), directory, dispose: () => rm(directory, { recursive: true }) }
})
