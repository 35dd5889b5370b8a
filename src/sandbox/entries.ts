import { readdir } from 'node:fs/promises'
import { isMissing } from './whole-file.ts'

/** Names in a directory; none when it is not there. */
export async function entriesOf(directory: string): Promise<string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}
