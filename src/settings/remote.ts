/** A git remote, or the sentence that says why it is none (to follow the key; never repeats a credential). */
export type Remote = { readonly url: string } | { readonly problem: string }

/**
 * Reads `AUTO_UPDATE_REPO`: `owner/repo` on GitHub, an https, ssh or file URL, the short ssh form
 * `git@host:path`, or an absolute path. Plain http is for the loopback only.
 */
export function readRemote(text: string): Remote {
  if (/^[A-Za-z0-9][A-Za-z0-9-]*\/[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(text)) return { url: `https://github.com/${text.replace(/\.git$/, '')}.git` }
  if (/[\s\p{Cc}]/u.test(text)) return { problem: 'must not contain spaces' }
  if (text.startsWith('/') || /^[A-Za-z0-9_][A-Za-z0-9._-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^-:][^:]*$/.test(text)) return { url: text }
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !['https:', 'http:', 'ssh:', 'file:'].includes(url.protocol)) {
    return { problem: 'must be owner/repo, a git URL such as https://example.org/stack.git, or an absolute path' }
  }
  if (url.password !== '' || (url.protocol.startsWith('http') && (url.username !== '' || url.search !== '' || url.hash !== ''))) {
    return { problem: 'must not carry credentials; put the token into GITHUB_TOKEN' }
  }
  if (url.protocol === 'http:' && !['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)) return { problem: 'must not be plain http, which anybody on the way can change; use https' }
  if (url.hostname.startsWith('-') || url.username.startsWith('-')) return { problem: 'names an impossible host or user' }
  return { url: text }
}
