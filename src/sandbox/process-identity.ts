import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { platform } from 'node:process'
import { promisify } from 'node:util'

/** Environment variable by which every process of a container is known, whoever its parent is by now. */
export const nonceVariable = 'ZETHERION_SANDBOX_NONCE'

/** A process that cannot be mistaken for a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number
  /** Linux: clock ticks since boot (/proc/<pid>/stat, field 22). Elsewhere what `ps -o lstart=` prints. */
  readonly startTime: string
}

/** Tells who has this pid now. Null when nobody has, and for a zombie: it is dead, only nobody has asked for its exit code. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | null> {
  return platform === 'linux' ? identifyOnLinux(pid) : identifyByPs(pid)
}

/** Whether this very process lives: same pid, same start, and the container's nonce in its environment. */
export async function isAlive(identity: ProcessIdentity, nonce: string): Promise<boolean> {
  const found = await identifyProcess(identity.pid)
  if (found === null || found.startTime !== identity.startTime) return false
  // Only Linux lets its owner read a process's environment reliably; elsewhere pid and start time have to do.
  return platform !== 'linux' || nonceOf(identity.pid) === nonce
}

/** Every living process that carries a nonce which `matches` accepts. Empty where /proc is missing. */
export async function findProcesses(matches: (nonce: string) => boolean): Promise<ProcessIdentity[]> {
  if (platform !== 'linux') return []
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const ours = pids.filter((pid) => {
    const nonce = nonceOf(pid)
    return nonce !== null && matches(nonce)
  })
  return ours.map(identifyOnLinux).filter((identity) => identity !== null)
}

/** Sends a signal; false when the process, or its whole group for a negative pid, is gone. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    throw error
  }
}

function identifyOnLinux(pid: number): ProcessIdentity | null {
  const stat = readProcess(`/proc/${pid}/stat`)
  // The command name is in brackets and may hold anything, brackets and blanks included: count from the last one.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? []
  const [state, startTime] = [fields[0], fields[19]]
  if (startTime === undefined || state === 'Z' || state === 'X') return null
  return { pid, startTime }
}

async function identifyByPs(pid: number): Promise<ProcessIdentity | null> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { env: { LC_ALL: 'C', PATH: process.env['PATH'] ?? '' }, timeout: 5_000 })
    const [, state, startTime] = /^(\S+)\s+(.+)$/.exec(stdout.trim()) ?? []
    return startTime === undefined || state === undefined || state.startsWith('Z') ? null : { pid, startTime }
  } catch (error) {
    // ps exits with 1 when it finds nobody.
    if (error instanceof Error && 'code' in error && error.code === 1) return null
    throw error
  }
}

function nonceOf(pid: number): string | null {
  const environment = readProcess(`/proc/${pid}/environ`)
  const entry = environment?.split('\0').find((line) => line.startsWith(`${nonceVariable}=`))
  return entry?.slice(nonceVariable.length + 1) ?? null
}

/**
 * Null for a process that is gone, and for one of another user, which is none of ours. The kernel answers from memory: to hand
 * the reading of all processes to other threads takes ten times as long.
 */
function readProcess(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(String(error.code))) return null
    throw error
  }
}
