import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { promisify } from 'node:util'

/**
 * Starts a program that leaves the processors to others: it gets what they do not want, and a tenth beside one that wants all.
 * With less than that its own limits would pass before it has begun. It ends when this process does, however that ends
 * (where util-linux is there), and has a session of its own: a signal to its negative pid reaches it and its children.
 */
export async function startNice(command: string, args: readonly string[], options: { readonly cwd: string }): Promise<ChildProcess> {
  const line = ['nice', '-n', niceness, command, ...args]
  const [first = command, ...others] = await isAvailable(bound) ? [...bound, ...line] : line
  const child = spawn(first, others, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  // At once: of a program that ends before anybody listens, Node drops what it said.
  if (child.pid !== undefined) standBack(child.pid)
  return child
}

const niceness = '10'
const bound = ['setpriv', '--pdeathsig', 'TERM']

async function isAvailable([command = '', ...args]: readonly string[]): Promise<boolean> {
  try {
    await promisify(execFile)(command, [...args, 'true'])
    return true
  } catch {
    return false
  }
}

/** The kernel may share the processors among sessions first, and only then among a session's programs: the session has to stand back, too. */
function standBack(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, niceness)
  } catch {
    // A kernel without such groups, or a program that is gone already, which its end will tell.
  }
}
