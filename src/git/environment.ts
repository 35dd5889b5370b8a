import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Remote } from './remote.ts'

/** Variables for a child process, complete: nothing else is inherited. */
export type Environment = Readonly<Record<string, string>>

/** What git reads besides our own settings when it talks to a remote: keys, proxies, certificates. */
const forRemotes = [
  'HOME', 'SSH_AUTH_SOCK', 'GIT_SSL_CAINFO', 'GIT_SSL_CAPATH', 'SSL_CERT_FILE', 'SSL_CERT_DIR',
  'http_proxy', 'https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY', 'no_proxy', 'NO_PROXY',
]

/**
 * Settings on the command line, which no repository's own configuration can undo: no hooks, no file system monitor,
 * and everything that is fetched is checked (facts/git-and-files.md).
 */
export const fixedConfig = ['core.hooksPath=/dev/null', 'core.fsmonitor=false', 'fetch.fsckObjects=true']

/** For commands on our own repositories: they reach no network. */
export function localEnvironment(given: Readonly<Record<string, string | undefined>>, gitconfig: string): Environment {
  return {
    ...pick(given, ['PATH', 'TMPDIR']),
    LC_ALL: 'C',
    GIT_CONFIG_GLOBAL: gitconfig,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_LITERAL_PATHSPECS: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_ALLOW_PROTOCOL: 'file',
  }
}

/**
 * For commands that talk to the remote. Credentials travel here and nowhere else: argv is public, a file outlives us.
 * They are sent only to the address itself: git would repeat the header to wherever a redirect leads, so with
 * credentials it follows none.
 */
export function remoteEnvironment(given: Readonly<Record<string, string | undefined>>, gitconfig: string, remote: Remote): Environment {
  const config = remote.authorization === null ? [] : [
    [`http.${remote.url}.extraHeader`, `Authorization: ${remote.authorization}`],
    ['http.followRedirects', 'false'],
  ]
  return {
    ...localEnvironment(given, gitconfig),
    ...pick(given, forRemotes),
    GIT_ALLOW_PROTOCOL: remote.protocol,
    GIT_CONFIG_COUNT: String(config.length),
    ...Object.fromEntries(config.flatMap(([key = '', value = ''], index) => [
      [`GIT_CONFIG_KEY_${index}`, key],
      [`GIT_CONFIG_VALUE_${index}`, value],
    ])),
  }
}

/**
 * Writes the configuration that stands in for the user's: which directories of other owners git may enter (each one
 * by name, never all), and how our mirror is kept. No secret is in it. A file, since git hands no setting of its
 * environment on to what it starts for a remote on this machine. One that says the same already is left as it is: to
 * look must be possible on a disk that is full or takes no writes (I10).
 */
export async function keepGitconfig(path: string, safeDirectories: readonly string[]): Promise<void> {
  const text = [
    '# Written by zetherion-updater at every start; changes are lost.',
    '[safe]', ...safeDirectories.map((directory) => `\tdirectory = ${quoted(directory)}`),
    // A small fetch would be unpacked to loose objects, which git does not sync: a power cut would leave a ref to nothing.
    '[fetch]', '\tunpackLimit = 1',
    '[core]', '\tfsync = all', `\tsshCommand = ${quoted('ssh -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=15 -o ServerAliveCountMax=4')}`,
    // In the foreground, where our limit ends it.
    '[gc]', '\tautoDetach = false',
    '[maintenance]', '\tautoDetach = false',
    '[init]', '\tdefaultBranch = main',
    '[advice]', '\tdetachedHead = false',
    // What is extracted must not depend on who runs this.
    '[tar]', '\tumask = 0022',
    '',
  ].join('\n')
  // What cannot be read is written again, and says then why it could not be.
  if ((await readFile(path, 'utf8').catch(() => null)) === text) return
  const temporary = `${path}.${randomUUID()}`
  await mkdir(join(path, '..'), { recursive: true })
  try {
    await writeFile(temporary, text, { mode: 0o644, flag: 'wx' })
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

function pick(given: Readonly<Record<string, string | undefined>>, names: readonly string[]): Environment {
  return Object.fromEntries(names.flatMap((name) => {
    const value = given[name]
    return value === undefined ? [] : [[name, value]]
  }))
}

function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t')}"`
}
