import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Project } from '../../demo/stack/project.ts'

export interface NewRelease {
  readonly tag: string
  readonly version: string
  readonly commit: string
}

/** Publishes one more good release, whose images differ from those before only in what names the release. */
export async function publishRelease(project: Project, number: number): Promise<NewRelease> {
  const origin = join(project.root, 'origin')
  const version = `2.0.${number}`
  const tag = `v${version}`
  await writeFile(join(origin, 'release.json'), `${JSON.stringify({ version, commit: '$Format:%H$' })}\n`)
  await git(origin, 'commit', '--quiet', '--all', '--message', `Release ${tag}`)
  await git(origin, 'tag', '--annotate', '--message', `Release ${tag}`, tag)
  await project.publish(tag)
  return { tag, version, commit: await git(origin, 'rev-parse', 'HEAD') }
}

/** @throws Error with git's own words */
export async function git(directory: string, ...args: string[]): Promise<string> {
  const env = {
    PATH: process.env['PATH'], HOME: directory, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'Bench', GIT_AUTHOR_EMAIL: 'bench@example.invalid', GIT_COMMITTER_NAME: 'Bench', GIT_COMMITTER_EMAIL: 'bench@example.invalid',
  }
  const { stdout } = await promisify(execFile)('git', args, { cwd: directory, env, timeout: 60_000 })
  return stdout.trim()
}
