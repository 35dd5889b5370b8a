import { createHash, timingSafeEqual } from 'node:crypto'
import { readOrMakeSecret } from './secret-file.ts'
import type { SecretSettings } from './settings.ts'

/** The shared secret of the control API. Nobody can ask for its text. */
export interface Secret {
  /** Looks at the secret, makes it if need be, and tells why it cannot be used; null when it can. */
  check(): Promise<string | null>
  /**
   * Whether this is the secret, as it stands now: the file is read again, so that a rotation needs no restart
   * (fault 41). Takes the same time for every wrong candidate. False while there is no usable secret.
   */
  matches(candidate: string): Promise<boolean>
  /** What the last look found, for those who cannot wait: a reason to only observe; null when all is well. */
  problem(): string | null
}

/** `UPDATER_SECRET` goes before the file. There is no open mode. */
export function createSecret(settings: SecretSettings): Secret {
  const { value, path, group } = settings
  let problem: string | null = null
  let reading: Promise<string | null> | null = null

  /** Null when it cannot be used. Those who ask at once share one look. */
  function read(): Promise<string | null> {
    if (value !== null) return Promise.resolve(value.reveal())
    reading ??= readFromFile().finally(() => {
      reading = null
    })
    return reading
  }

  async function readFromFile(): Promise<string | null> {
    try {
      const text = await readOrMakeSecret(path, group)
      problem = text === '' ? `The secret file ${path} is empty; write a secret into it, or remove it to have one made.` : null
      return text === '' ? null : text
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      problem = `The secret file ${path} can be neither read nor made (${why}); mend it, or set UPDATER_SECRET.`
      return null
    }
  }

  return {
    async check() {
      await read()
      return problem
    },
    async matches(candidate) {
      const secret = await read()
      return secret !== null && same(candidate, secret)
    },
    problem: () => problem,
  }
}

/** Both sides are hashed, so that not even their lengths can be told apart. */
function same(left: string, right: string): boolean {
  return timingSafeEqual(digest(left), digest(right))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
