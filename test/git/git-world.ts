import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import type { ArchiveSource } from '../../src/git/archive.ts'
import { createGitSource } from '../../src/git/git-source.ts'
import type { GitSourceOptions } from '../../src/git/git-source.ts'
import type { Log, ReleaseSource } from '../../src/rollout/ports.ts'
import type { Files, ReleaseSourceWorld } from '../contract/release-source/world.ts'

const run = promisify(execFile)

/** A world of real repositories in a directory of its own. */
export interface GitWorld extends ReleaseSourceWorld {
  readonly root: string
  /** Where the releases are written; the remote is its bare clone. */
  readonly author: string
  readonly remote: string
  readonly state: string
  readonly project: string
  /** Every line that any source of this world logged. */
  readonly logged: string[]
  openWith(options: Partial<GitSourceOptions>): ReleaseSource & ArchiveSource
}

/** Runs git as an operator would, with nobody's configuration. */
export async function git(cwd: string, ...args: string[]): Promise<string> {
  const env = {
    PATH: process.env['PATH'] ?? '', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_AUTHOR_NAME: 'A', GIT_AUTHOR_EMAIL: 'a@example.org', GIT_COMMITTER_NAME: 'A', GIT_COMMITTER_EMAIL: 'a@example.org',
    GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: '*',
  }
  const { stdout } = await run('git', args, { cwd, env })
  return stdout.trim()
}

export async function makeGitWorld(): Promise<GitWorld> {
  const root = await mkdtemp(join(tmpdir(), 'git-source-'))
  const author = join(root, 'author')
  const remote = join(root, 'remote.git')
  const state = join(root, 'state')
  const project = join(root, 'project')
  const away = join(root, 'remote-is-away')
  await mkdir(author)
  await git(author, 'init', '--quiet', '--initial-branch=main')
  await git(root, 'init', '--quiet', '--bare', '--initial-branch=main', remote)
  const logged: string[] = []
  const line = (message: string, fields?: object): void => {
    logged.push(`${message} ${JSON.stringify(fields ?? {})}`)
  }
  const log: Log = { info: line, warn: line, error: line }
  const openWith: GitWorld['openWith'] = (options) => createGitSource({ remote, stateDirectory: state, projectDirectory: project, limit: 20_000, log, ...options })

  return {
    root, author, remote, state, project, logged, openWith,
    open: () => openWith({}),
    publish: async (tag, files) => {
      for (const name of await readdir(author)) if (name !== '.git') await rm(join(author, name), { recursive: true })
      await writeFiles(author, files)
      await git(author, 'add', '--all', '--force')
      await git(author, 'commit', '--quiet', '--allow-empty', '-m', tag)
      await git(author, 'tag', '-a', '-m', tag, tag)
      await git(author, 'push', '--quiet', remote, 'main', `refs/tags/${tag}`)
      return git(author, 'rev-parse', 'HEAD')
    },
    moveTag: async (tag, commit) => {
      await git(author, 'tag', '-f', '-a', '-m', tag, tag, commit)
      await git(author, 'push', '--quiet', '--force', remote, `refs/tags/${tag}`)
    },
    removeTag: async (tag) => {
      await git(author, 'push', '--quiet', remote, `:refs/tags/${tag}`)
    },
    remoteDown: () => rename(remote, away),
    remoteUp: () => rename(away, remote),
    laidOut: () => readdir(join(state, 'releases')).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    }),
    releaseFiles: (commit) => readFiles(join(state, 'releases', commit)),
    leaveHalfACheckout: async () => {
      await writeFiles(join(state, 'releases', '.new-killed'), { half: 'a file' })
      await writeFiles(join(state, 'releases', '.old-killed'), { rest: 'a file' })
    },
    cloneTree: async (tag) => {
      await git(root, 'clone', '--quiet', remote, project)
      await git(project, 'reset', '--quiet', '--hard', tag)
    },
    makeTreeForeign: async (files) => {
      await mkdir(project)
      await writeFiles(project, files)
      await git(project, 'init', '--quiet', '--initial-branch=main')
      await git(project, 'add', '--all')
      await git(project, 'commit', '--quiet', '-m', 'something else')
    },
    readTree: (path) => readFile(join(project, path), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null
      throw error
    }),
    writeTree: (path, content) => writeFiles(project, { [path]: content }),
    dispose: () => rm(root, { recursive: true, force: true }),
  }
}

async function writeFiles(directory: string, files: Files): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), content)
  }
}

async function readFiles(directory: string): Promise<Files> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Object.fromEntries(await Promise.all(files.map(async (path) => [relative(directory, path), await readFile(path, 'utf8')] as const)))
}
