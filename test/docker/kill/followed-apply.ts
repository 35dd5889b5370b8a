import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readSeenState, type SeenState } from '../../kill/observer/state-file.ts'
import type { HurtStack } from './hurt-stack.ts'
import { stateFile } from './place.ts'

/** Every version of the record that the updater writes while this runs, none left out, in their order. */
export async function followWrites({ stack, tripwire }: HurtStack, action: () => Promise<void>): Promise<SeenState[]> {
  const directory = join(stack.project.root, 'versions')
  await mkdir(directory)
  try {
    await tripwire.copyAll(stateFile, directory)
    await action()
    await tripwire.disarm()
    const names = (await readdir(directory)).sort((a, b) => Number(a) - Number(b))
    return await Promise.all(names.map(async (name) => readSeenState(await readFile(join(directory, name), 'utf8'))))
  } finally {
    await rm(directory, { recursive: true })
  }
}
