import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { repository } from '../../demo/stack/project.ts'

const run = promisify(execFile)

/** Above its own 60 s: the machine may be busy with other tests. */
export const limit = 240_000

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the demo as a process of its own, with flags and further variables of its environment. */
export async function demo(...given: (string | Record<string, string>)[]): Promise<Ended> {
  const args = given.filter((part) => typeof part === 'string')
  const env = Object.assign({ PATH: process.env['PATH'], HOME: process.env['HOME'] }, ...given.filter((part) => typeof part !== 'string'))
  const child = run(process.execPath, ['--import', 'tsx', join(repository, 'demo/main.ts'), ...args], { cwd: repository, env, timeout: limit })
  return child.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (failed: unknown) => {
      if (!isEnded(failed)) throw failed
      return failed
    },
  )
}

function isEnded(failed: unknown): failed is Ended {
  return failed instanceof Error && 'code' in failed && typeof failed.code === 'number' && 'stdout' in failed && 'stderr' in failed
}

/** Lines of its output that say what did not hold. */
export function unmet(stdout: string): string[] {
  return stdout.split('\n').filter((line) => line.includes('✗') || line.includes('seen instead'))
}
