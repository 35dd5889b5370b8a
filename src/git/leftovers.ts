import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Removes mirrors and settings that a killed daemon, or an earlier version, had not yet given their names, and the mark of a checkout that the latter kept. */
export async function removeLeftovers(stateDirectory: string): Promise<void> {
  for (const name of await readdir(stateDirectory)) {
    if (leftover.test(name)) await rm(join(stateDirectory, name), { recursive: true, force: true })
  }
}

const leftover = /^(?:(?:source\.git|gitconfig)\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|tree-checkout)$/
