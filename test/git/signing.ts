import { execFile, spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { git } from './git-world.ts'

const run = promisify(execFile)

const keygen = 'ssh-keygen'
const possible = spawnSync(keygen, ['-?']).error === undefined
if (!possible && process.env['ZETHERION_REQUIRE_ALL'] === '1') throw new Error('ZETHERION_REQUIRE_ALL=1, but there is no ssh-keygen here')
export const withoutSigning = !possible

export function titleWithSigning(title: string): string {
  return possible ? title : `${title} (not run: there is no ssh-keygen here, of Debian's openssh-client)`
}

/** A key pair that ssh-keygen made. */
export interface Key {
  /** Of the private half; the public one lies beside it. */
  readonly path: string
  /** `SHA256:…`, as ssh names it. */
  readonly fingerprint: string
}

export async function makeKey(directory: string, name: string): Promise<Key> {
  const path = join(directory, `key-${name}`)
  await run(keygen, ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', path])
  const { stdout } = await run(keygen, ['-l', '-E', 'sha256', '-f', path])
  return { path, fingerprint: stdout.split(' ')[1] ?? '' }
}

/** Writes a file of allowed signers that knows this key alone. */
export async function allow(file: string, key: Key, options = 'namespaces="git"'): Promise<void> {
  await writeFile(file, `releases@example.org ${options} ${await readFile(`${key.path}.pub`, 'utf8')}`)
}

/** Makes the tag anew, at the commit where it is, signed. */
export async function signTag(repository: string, tag: string, key: Key): Promise<void> {
  await git(repository, '-c', 'gpg.format=ssh', '-c', `user.signingKey=${key.path}`, 'tag', '--force', '--sign', '-m', tag, tag, `${tag}^{commit}`)
}
