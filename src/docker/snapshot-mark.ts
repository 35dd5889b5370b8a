import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isAdopted } from './references.ts'

/** Marks a `releases/<commit>/` that holds what was found running, not the commit's files. */
export const snapshotMark = '.zetherion-adopted'

/** Whether `releases/<commit>/` is such a snapshot: there are no sources to build from. */
export async function isSnapshot(releasesDirectory: string, commit: string): Promise<boolean> {
  return isAdopted(commit) || (await stat(join(releasesDirectory, commit, snapshotMark)).then(() => true, () => false))
}
