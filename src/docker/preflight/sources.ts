import { readFile, stat } from 'node:fs/promises'
import { largestComposeFile, readComposeSource, unreadableSource } from '../../compose-file/source.ts'
import type { ComposeSource } from '../../compose-file/source.ts'
import { pathInProject } from '../compose/files.ts'
import type { ComposeFile } from '../compose/files.ts'

/** A compose file of a release as it was written, and whose it is. */
export interface OwnedSource extends ComposeSource {
  readonly origin: ComposeFile['origin']
}

/** Never rejects: what cannot be read is told in the source's `errors`. */
export async function readSources(files: readonly ComposeFile[], projectDirectory: string, tag: string): Promise<OwnedSource[]> {
  return await Promise.all(files.map(async (file) => ({ ...(await readSource(file, projectDirectory, tag)), origin: file.origin })))
}

async function readSource({ name, path, origin }: ComposeFile, projectDirectory: string, tag: string): Promise<ComposeSource> {
  const where = origin === 'release' ? `at ${tag}` : 'in the project directory'
  const shown = pathInProject(projectDirectory, name) ?? name
  try {
    const { size } = await stat(path)
    if (size > largestComposeFile) throw new Error(`it is larger than ${largestComposeFile / 1_000_000} MB`)
    return readComposeSource(shown, where, await readFile(path, 'utf8'))
  } catch (error) {
    return unreadableSource(shown, where, error)
  }
}
