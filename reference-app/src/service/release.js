import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** @typedef {{ version: string, commit: string }} Release */

const UNKNOWN_COMMIT = '0'.repeat(40)

/**
 * The release this program was made from: version and commit (40 hex digits).
 * `git archive` bakes the commit into release.json (export-subst); in a plain checkout it is forty zeros.
 * @param {NodeJS.ProcessEnv} env `RELEASE_FILE` names another file than the one beside `src/`.
 * @returns {Release}
 */
export function readRelease(env) {
  const file = env.RELEASE_FILE ?? fileURLToPath(new URL('../../release.json', import.meta.url))
  /** @type {unknown} */
  const content = JSON.parse(readFileSync(file, 'utf8'))
  if (!isRelease(content)) throw new Error(`${file} must hold {"version": "…", "commit": "…"}`)
  const commit = /^[0-9a-f]{40}$/.test(content.commit) ? content.commit : UNKNOWN_COMMIT
  return { version: content.version, commit }
}

/**
 * @param {unknown} content
 * @returns {content is Release}
 */
function isRelease(content) {
  return (
    typeof content === 'object' && content !== null &&
    'version' in content && typeof content.version === 'string' &&
    'commit' in content && typeof content.commit === 'string'
  )
}
