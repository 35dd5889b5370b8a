import { execFile } from 'node:child_process'
import { cp, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { repository } from '../../../demo/stack/project.ts'
import { RELEASES, type ReleasePlan } from '../../../reference-app/scripts/releases.js'

const run = promisify(execFile)

/** Folders of this project that no installation needs. */
const leftOut = ['test', 'bench', 'demo', 'docs', '.ci']

/** Lays this project out as a commit of it would: what git tracks or would track, as it lies here now. */
export async function layOutProject(directory: string): Promise<void> {
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: repository, maxBuffer: 8 * 1024 ** 2 })
  for (const file of stdout.split('\0')) {
    if (file === '' || leftOut.some((folder) => file.startsWith(`${folder}/`))) continue
    await mkdir(dirname(join(directory, file)), { recursive: true })
    await cp(join(repository, file), join(directory, file)).catch((error: unknown) => {
      if (!isMissing(error)) throw error // tracked, and removed here since
    })
  }
}

/** Those releases of the reference app that change the app alone, as this project's compose file is none of theirs, and one more. */
export const appReleases: readonly ReleasePlan[] = [
  ...RELEASES.filter(({ changes }) => changes.every(({ file }) => file !== 'docker-compose.yml')),
  {
    tag: 'v1.8.0', kind: 'good', description: 'Describes the calendar skill better still.',
    changes: [{ file: 'src/skills/catalogue.js', find: "'Finds free time for everyone.'", replace: "'Finds time that everyone has.'" }],
  },
]

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
