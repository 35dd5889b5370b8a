import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { directoryExposure, fileExposure } from './file-exposure.ts'
import { secretWeakness } from './secret-strength.ts'
import type { SecretSettings } from './settings.ts'

/** What an operator should know about the secrets of this installation, one sentence each; never any of their text. */
export async function secretWarnings({ value, path }: SecretSettings, projectDirectory: string): Promise<string[]> {
  const isGiven = value !== null
  const text = isGiven ? value.reveal() : await readFile(path, 'utf8').then((text) => text.trim(), () => '')
  // No secret at all is a problem, told elsewhere.
  const weakness = text === '' ? null : secretWeakness(text)
  const mend = isGiven ? 'leave UPDATER_SECRET unset to have one made' : 'remove the file to have a new one made'
  const found = [
    weakness === null ? null : `${isGiven ? 'environment: UPDATER_SECRET' : `The secret in ${path}`} ${weakness}; who guesses it can roll out and pause: ${mend}.`,
    isGiven ? null : await fileExposure(path, 'The secret file'),
    isGiven ? null : await directoryExposure(dirname(path), 'The directory of the secret'),
    await fileExposure(join(projectDirectory, '.env'), 'The file'),
  ]
  return found.filter((sentence) => sentence !== null)
}
