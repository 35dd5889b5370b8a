import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/**
 * The environment of a machine on which this program is a shell script of the test; `$REAL` in it is the real one.
 * @returns what `GitSourceOptions.environment` takes
 */
export async function withProgram(root: string, name: 'git' | 'tar', script: string): Promise<Record<string, string>> {
  const directory = join(root, `programs-${name}`)
  const real = execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim()
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, name), `#!/bin/sh\nREAL=${real}\n${script}\n`)
  await chmod(join(directory, name), 0o755)
  return { PATH: `${directory}:${process.env['PATH'] ?? ''}` }
}
