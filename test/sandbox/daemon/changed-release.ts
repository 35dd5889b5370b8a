import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Project } from '../../../demo/stack/project.ts'

/** What a release does differently; `from` stands exactly once in docker-compose.yml. */
export interface ComposeChange {
  readonly from: string
  readonly to: string
}

/** Publishes a release that is the good first one but for its compose file. @returns its commit */
export async function publishChanged(project: Project, tag: string, changes: readonly ComposeChange[]): Promise<string> {
  const origin = join(project.root, 'origin')
  const who = { GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@example.invalid', GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@example.invalid' }
  const git = async (...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)('git', args, { cwd: origin, env: { ...who, PATH: process.env['PATH'], HOME: origin, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' }, timeout: 30_000 })
    return stdout.trim()
  }
  await git('checkout', '--quiet', '--force', 'v1.0.0')
  const path = join(origin, 'docker-compose.yml')
  const text = changes.reduce((text, { from, to }) => {
    if (text.split(from).length !== 2) throw new Error(`docker-compose.yml must hold once: ${from}`)
    return text.replace(from, () => to)
  }, await readFile(path, 'utf8'))
  await writeFile(path, text)
  await git('commit', '--quiet', '--all', '--message', tag)
  await git('tag', tag)
  await project.publish(tag)
  return await git('rev-parse', 'HEAD')
}
