import { access, constants } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { assertSignersFile } from '../git/signers-file.ts'
import type { Environment } from './environment.ts'

/**
 * What would have every tag refused although it is signed. No reason to refuse the settings: what runs is to be looked
 * after all the same. Sentences that follow the key.
 * @param hasName whether the user that this process runs as stands in /etc/passwd, without which ssh-keygen does nothing
 */
export async function signerWarnings(allowedSigners: string, env: Environment, hasName: () => boolean = userHasName): Promise<string[]> {
  const unreadable = await assertSignersFile(allowedSigners).then(() => null, (error: unknown) => (error instanceof Error ? error.message : String(error)))
  return [
    ...(unreadable === null ? [] : [`names a file that cannot be read: ${unreadable}; every tag is refused until it can`]),
    ...((await isProgram('ssh-keygen', env)) ? [] : ['wants the program ssh-keygen, which is not in PATH; every tag is refused until it is']),
    ...(hasName() ? [] : ['wants the user that the updater runs as in /etc/passwd, for ssh-keygen; every tag is refused until it stands there']),
  ]
}

async function isProgram(name: string, env: Environment): Promise<boolean> {
  const places = (env['PATH'] ?? '').split(':').map((directory) => access(join(directory, name), constants.X_OK))
  return await Promise.any(places).then(() => true, () => false)
}

function userHasName(): boolean {
  try {
    userInfo()
    return true
  } catch {
    return false
  }
}
