import { UpdaterError } from '../rollout/errors.ts'
import { start } from './command.ts'
import type { CommandOptions } from './command.ts'
import { CommandFailed } from './failure.ts'
import type { Repository } from './repository.ts'
import { assertSignersFile } from './signers-file.ts'

/**
 * Refuses a tag that nobody signed who may.
 * @param object what the tag's ref names; a commit carries no signature of a tag
 * @throws tag_unsigned; git_failed when signatures cannot be checked here
 */
export type AssertSigned = (tag: string, object: string, signal: AbortSignal) => Promise<void>

/**
 * Settings of a repository that checks signatures. Those of ssh only: others would be judged by the keys that happen to
 * lie in somebody's home here, so the programs that know them are ones that know nobody.
 */
export function signatureConfig(allowedSigners: string): string[] {
  return [`gpg.ssh.allowedSignersFile=${allowedSigners}`, 'gpg.ssh.program=ssh-keygen', 'gpg.program=false', 'gpg.x509.program=false']
}

/**
 * @param allowedSigners file as ssh-keygen(1) describes it under ALLOWED SIGNERS; read anew each time
 * @param repository opened with `signatureConfig`
 * @param keygen options for ssh-keygen where it is asked directly; as git runs it
 */
export function createSignatureCheck(allowedSigners: string, repository: Repository, keygen: Omit<CommandOptions, 'signal'>): AssertSigned {
  return async (tag, object, signal) => {
    // ssh-keygen says of a file that it cannot read what it says of a stranger.
    await assertSignersFile(allowedSigners).catch((error: unknown) => {
      throw uncheckable(tag, error, `See that ${allowedSigners} is a file (git.allowedSigners) and that the updater may read it.`)
    })
    try {
      await repository.run(['verify-tag', object], signal)
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error
      const mend = mendOf(error) ?? ((await works({ ...keygen, signal })) ? null : brokenKeygen)
      throw mend === null ? unsigned(tag, allowedSigners, error) : uncheckable(tag, error, mend)
    }
  }
}

/** What to do where git says that nobody could look; null otherwise. The tag is refused in any case, whatever the words are. */
function mendOf({ stderr }: CommandFailed): string | null {
  if (/\bcannot run ssh-keygen\b/.test(stderr)) return "Install openssh's ssh-keygen where the updater runs."
  if (/\btemporary file\b|\bdetached signature\b/.test(stderr)) return 'Make room where the updater keeps temporary files.'
  return null
}

const brokenKeygen = 'See that ssh-keygen works here: it wants the user that the updater runs as in /etc/passwd.'

/**
 * Whether ssh-keygen gets as far as its usage here. git cannot tell: one that leaves early takes git along by the pipe
 * between them, without a word, and it leaves early for a bad signature, too. That is the tag's doing and pauses nothing.
 */
async function works(options: CommandOptions): Promise<boolean> {
  const command = start('ssh-keygen', ['-?'], options)
  command.stdin.end()
  command.stdout.resume()
  try {
    await command.done
    return true
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    return error.stderr.includes('usage:')
  }
}

function unsigned(tag: string, allowedSigners: string, error: CommandFailed): UpdaterError {
  const key = /\bkey (SHA256:[\w+/]+)/.exec(error.stderr)?.[1]
  const what = key === undefined ? `carries no signature by anybody listed in ${allowedSigners}` : `is signed by the key ${key}, which ${allowedSigners} does not allow to`
  return new UpdaterError('tag_unsigned', `The tag ${tag} ${what} (${error.message}). It is refused; nothing was changed. Sign it with a key that is listed there (git tag -s), and publish it anew.`, { cause: error })
}

function uncheckable(tag: string, error: unknown, mend: string): UpdaterError {
  const words = error instanceof Error ? error.message : String(error)
  return new UpdaterError('git_failed', `The signature of the tag ${tag} cannot be checked: ${words}. Nothing was changed. ${mend}`, { cause: error })
}
