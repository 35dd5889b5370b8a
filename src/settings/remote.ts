/** A git remote, or the sentence that says why it is none (to follow the key; never repeats a credential). */
export type Remote = { readonly url: string } | { readonly problem: string }

/**
 * Reads `AUTO_UPDATE_REPO`: `owner/repo` on GitHub, or any git URL (https, http, ssh, git, file), the short ssh form
 * `git@host:path`, or an absolute path.
 */
export function readRemote(text: string): Remote {
  if (/^[A-Za-z0-9][A-Za-z0-9-]*\/[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(text)) return { url: `https://github.com/${text.replace(/\.git$/, '')}.git` }
  if (/[\s\p{Cc}]/u.test(text)) return { problem: 'must not contain spaces' }
  if (text.startsWith('/') || /^[A-Za-z0-9_][A-Za-z0-9._-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^-:][^:]*$/.test(text)) return { url: text }
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !['https:', 'http:', 'ssh:', 'git:', 'file:'].includes(url.protocol)) {
    return { problem: 'must be owner/repo, a git URL such as https://example.org/stack.git, or an absolute path' }
  }
  if (url.password !== '' || (url.protocol.startsWith('http') && url.username !== '')) {
    return { problem: 'must not carry credentials; put the token into GITHUB_TOKEN' }
  }
  if (url.hostname.startsWith('-')) return { problem: 'names an impossible host' }
  return { url: text }
}
