import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { directoryExposure, fileExposure } from './file-exposure.ts'
import { secretWeakness } from './secret-strength.ts'
import type { SecretSettings } from './settings.ts'

/** What an operator should know about the secrets of this installation, one sentence each; never any of their text. */
export async function secretWarnings(secret: SecretSettings, projectDirectory: string): Promise<string[]> {
  const found = [await weaknessOf(secret), ...(await exposuresOf(secret)), await dotEnvExposure(projectDirectory)]
  return found.filter((sentence) => sentence !== null)
}

/** Why the shared secret could be guessed; null when nothing speaks against it, or when there is none: that is a problem, told elsewhere. */
export async function weaknessOf({ value, path }: SecretSettings): Promise<string | null> {
  const isGiven = value !== null
  const text = isGiven ? value.reveal() : await readFile(path, 'utf8').then((text) => text.trim(), () => '')
  const weakness = text === '' ? null : secretWeakness(text)
  if (weakness === null) return null
  const mend = isGiven ? 'leave UPDATER_SECRET unset to have one made' : 'remove the file to have a new one made'
  return `${isGiven ? 'environment: UPDATER_SECRET' : `The secret in ${path}`} ${weakness}; who guesses it can roll out and pause: ${mend}.`
}

/** How everybody on this machine can read or replace the shared secret's file, where that is what counts. */
export async function exposuresOf({ value, path }: SecretSettings): Promise<string[]> {
  if (value !== null) return []
  const found = [await fileExposure(path, 'The secret file'), await directoryExposure(dirname(path), 'The directory of the secret')]
  return found.filter((sentence) => sentence !== null)
}

/** The project's other secrets. */
export function dotEnvExposure(projectDirectory: string): Promise<string | null> {
  return fileExposure(join(projectDirectory, '.env'), 'The file')
}
