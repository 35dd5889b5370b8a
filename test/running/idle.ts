import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/**
 * Starts a program that gets only such time of the processors as nobody else wants, and that ends when this process does,
 * however that ends. It has a session of its own: a signal to its negative pid reaches it and its children.
 * Where that cannot be had (util-linux is missing), it is only nice.
 */
export async function startIdle(command: string, args: readonly string[], options: { readonly cwd: string }): Promise<ChildProcess> {
  const [first = command, ...others] = [...(await isAvailable(idle) ? idle : nice), command, ...args]
  const child = spawn(first, others, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  if (child.pid !== undefined) await standBack(child.pid)
  return child
}

const idle = ['setpriv', '--pdeathsig', 'TERM', 'chrt', '--idle', '0']
const nice = ['nice', '-n', '19']

async function isAvailable([command = '', ...args]: readonly string[]): Promise<boolean> {
  try {
    await promisify(execFile)(command, [...args, 'true'])
    return true
  } catch {
    return false
  }
}

/** The kernel may share the processors among sessions first, and only then among a session's programs: the session has to stand back, too. */
async function standBack(pid: number): Promise<void> {
  try {
    await writeFile(`/proc/${pid}/autogroup`, '19')
  } catch {
    // A kernel without such groups, or a program that is gone already, which its end will tell.
  }
}
