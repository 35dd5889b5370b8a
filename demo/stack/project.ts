import { randomBytes } from 'node:crypto'
import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { makeReleases, type MadeRelease } from '../../reference-app/scripts/make-releases.js'

const run = promisify(execFile)

/** Where the checkout of this project is; the demo runs its bundle. */
export const repository = fileURLToPath(new URL('../../', import.meta.url))

/** A release repository, what of it is published, and an operator's clone of that, all below one directory. */
export interface Project {
  readonly root: string
  /** Operator's working tree and compose project. */
  readonly directory: string
  /** Bare repository that the updater fetches from; holds only what was published. */
  readonly remote: string
  /** The updater's state directory. */
  readonly state: string
  /** Content of the secret file that updater and skills share. */
  readonly secret: string
  readonly releases: readonly MadeRelease[]
  /** The release of this kind with the lowest version, such as `never-healthy`. @throws Error when there is none */
  release(tag: string): MadeRelease
  /** Makes tags appear on the remote, and its main branch follow. */
  publish(...tags: string[]): Promise<void>
  /** Runs git in the operator's tree. */
  git(...args: string[]): Promise<string>
}

/** Secrets of the demo's own world; they guard nothing else. */
export const skillsSecret = 'a-demo-secret-for-skills'

/**
 * Makes the repositories and lays out the first release as an operator would have: cloned, `.env` written, the
 * directories for binds made, routes to blue.
 */
export async function makeProject(root: string, first: string, env: Readonly<Record<string, string>>): Promise<Project> {
  const origin = join(root, 'origin')
  const remote = join(root, 'remote.git')
  const directory = join(root, 'project')
  const state = join(directory, 'state')
  const releases = await makeReleases(origin, { traefikConfig: join(repository, 'config/traefik') })
  await git(root, 'init', '--quiet', '--bare', '--initial-branch=main', remote)
  const publish = async (...tags: string[]): Promise<void> => {
    for (const tag of tags) await git(origin, 'push', '--quiet', '--force', remote, `refs/tags/${tag}`, `refs/tags/${tag}^{commit}:refs/heads/main`)
  }
  await publish(first)
  await git(root, 'clone', '--quiet', remote, directory)
  await git(directory, 'checkout', '--quiet', first)

  for (const path of ['data', 'logs', 'state/secret', 'state/traefik/dynamic']) await mkdir(join(directory, path), { recursive: true })
  // The bot's user in its container is nobody on this host.
  for (const path of ['data', 'logs']) await chmod(join(directory, path), 0o777)
  await cp(join(repository, 'config/traefik/dynamic/updater-routes.yml'), join(state, 'traefik/dynamic/updater-routes.yml'))
  const secret = randomBytes(32).toString('base64url')
  await writeFile(join(state, 'secret/.updater-secret'), secret, { mode: 0o644 })
  await writeFile(join(directory, '.env'), Object.entries(env).map(([key, value]) => `${key}=${value}\n`).join(''), { mode: 0o600 })

  return {
    root, directory, remote, state, secret, releases, publish,
    release(tag) {
      const found = releases.find((candidate) => candidate.tag === tag)
      if (found === undefined) throw new Error(`no release ${tag} was made`)
      return found
    },
    git: (...args) => git(directory, ...args),
  }
}

async function git(cwd: string, ...args: string[]): Promise<string> {
  const { stdout } = await run('git', args, {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' },
    timeout: 30_000,
  })
  return stdout.trim()
}
