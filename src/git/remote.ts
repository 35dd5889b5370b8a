import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UpdaterError } from '../rollout/errors.ts'

/** A remote as git is told about it, with what proves who we are kept apart from its address. */
export interface Remote {
  /** Address without credentials: it may stand in argv, logs and errors. */
  readonly url: string
  /** The only transport that git may use for it (`GIT_ALLOW_PROTOCOL`). */
  readonly protocol: 'https' | 'http' | 'ssh' | 'file'
  /** Directory of a remote on this machine, else null. */
  readonly path: string | null
  /** Value of the `Authorization` header, null when none is sent. Secret. */
  readonly authorization: string | null
  /** Every form in which the credentials might turn up in somebody's output. */
  readonly secrets: readonly string[]
}

/** `owner/repo` (AUTO_UPDATE_REPO) as the address at GitHub; anything else is taken for an address already. */
export function remoteOf(repository: string): string {
  const name = repository.trim()
  return /^[\w.-]+\/[\w.-]+$/.test(name) ? `https://github.com/${name.replace(/\.git$/, '')}.git` : name
}

/**
 * Takes an address apart: https, ssh (also `user@host:path`) or an absolute path. Plain http is for the loopback only.
 * @throws invalid_settings; the sentence repeats nothing of an address that might hold a password
 */
export function parseRemote(address: string, token: string | undefined): Remote {
  if (address.startsWith('/')) return localRemote(resolve(address))
  const scp = /^(?:[\w.][\w.-]*@)?[A-Za-z0-9][\w.-]*:(?!\/\/)[^-\s]\S*$/
  if (scp.test(address)) return { url: address, protocol: 'ssh', path: null, authorization: null, secrets: [] }
  const url = URL.canParse(address) ? new URL(address) : null
  switch (url?.protocol) {
    case 'https:':
      return httpRemote(url, 'https', token)
    case 'http:':
      if (!['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)) throw refused('plain http is accepted for the loopback only; use https')
      return httpRemote(url, 'http', token)
    case 'ssh:':
      if (url.password !== '') throw refused('an ssh address cannot carry a password; use a key')
      return { url: url.href, protocol: 'ssh', path: null, authorization: null, secrets: [] }
    case 'file:':
      return localRemote(fileURLToPath(url))
    default:
      throw refused('it is neither an https nor an ssh address nor an absolute path')
  }
}

/** What two addresses of one repository have in common whatever the transport: host and path, or the real directory. */
export function identityOf(address: string, base: string): string {
  const withoutSuffix = (path: string): string => path.replace(/\/+$/, '').replace(/(\/|^)\.git$/, '').replace(/\.git$/, '')
  const scp = /^(?:[^@/\s]+@)?([^:/\s]+):(?!\/\/)(.+)$/.exec(address)
  if (scp !== null) return `${scp[1]}/${withoutSuffix(scp[2] ?? '').replace(/^\//, '')}`.toLowerCase()
  const url = URL.canParse(address) ? new URL(address) : null
  if (url !== null && url.protocol !== 'file:') return `${url.hostname}${withoutSuffix(url.pathname)}`.toLowerCase()
  return withoutSuffix(realPath(url === null ? resolve(base, address) : fileURLToPath(url)))
}

function localRemote(path: string): Remote {
  return { url: path, protocol: 'file', path, authorization: null, secrets: [] }
}

function httpRemote(given: URL, protocol: 'https' | 'http', token: string | undefined): Remote {
  const user = decodeURIComponent(given.username)
  const password = decodeURIComponent(given.password)
  const url = new URL(given)
  url.username = ''
  url.password = ''
  url.hash = ''
  // GitHub, GitLab and Gitea all take a token as the password of any user; this is the name GitHub itself uses.
  const pair = token !== undefined && token !== '' ? `x-access-token:${token}` : user === '' ? null : `${user}:${password}`
  const encoded = pair === null ? null : Buffer.from(pair).toString('base64')
  // A user alone is a token in the user's place; beside a password it is only a name.
  const plain = [token ?? '', password, password === '' ? user : '', encoded ?? '', given.password, given.password === '' ? given.username : '']
  return {
    url: url.href,
    protocol,
    path: null,
    authorization: encoded === null ? null : `Basic ${encoded}`,
    secrets: [...new Set(plain.filter((secret) => secret !== ''))],
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path // It is not there: then it equals nothing that is.
  }
}

function refused(reason: string): UpdaterError {
  return new UpdaterError('invalid_settings', `The address of the release repository cannot be used: ${reason}.`)
}
