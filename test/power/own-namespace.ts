import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'

const tool = 'unshare'
/** Mounts of our own: they are gone, loop devices included, when the last program in it ends, however it ends. */
const ownMounts = ['--mount', '--fork', '--kill-child'] as const
/** Processes as well: they are gone with the first of them. */
const flags = [...ownMounts, '--pid'] as const

const missing = ['mkfs.ext4', 'mount', 'losetup', 'fsfreeze'].filter((command) => spawnSync('sh', ['-c', `command -v ${command}`], { env: environment() }).status !== 0)
const reason = spawnSync(tool, [...flags, 'losetup', '--find'], { env: environment() }).status !== 0 ? 'loop devices cannot be mounted here; run as root on Linux'
  : missing.length > 0 ? `${missing.join(', ')} missing; run scripts/machine/prepare.sh` : null

if (reason !== null && process.env['ZETHERION_REQUIRE_ALL'] === '1') throw new Error(`ZETHERION_REQUIRE_ALL=1, but ${reason}`)

/** Whether a test that needs loop devices is left out. */
export const withoutLoopDevices = reason !== null

/** The title with the reason where it is left out. */
export function titleWithLoopDevices(title: string): string {
  return reason === null ? title : `${title} (not run: ${reason})`
}

/**
 * Runs a script of ours in a namespace of its own.
 * @param limit ms
 * @returns what it printed, parsed
 * @throws Error with what it said on stderr
 */
export async function runInOwnNamespace(script: string, argv: readonly string[], limit: number): Promise<unknown> {
  const { stdout } = await promisify(execFile)(tool, [...flags, process.execPath, '--import', 'tsx', script, ...argv], { env: environment(), timeout: limit, killSignal: 'SIGKILL' })
  return JSON.parse(stdout)
}

/** The same for a script that looks at processes as the rest of the machine sees them; it ends its own. */
export async function runInOwnMounts(script: string, limit: number): Promise<unknown> {
  const env = { ...environment(), HOME: process.env['HOME'] ?? '/' }
  const { stdout } = await promisify(execFile)(tool, [...ownMounts, process.execPath, '--import', 'tsx', script], { env, timeout: limit, killSignal: 'SIGKILL' })
  return JSON.parse(stdout)
}

/** Debian keeps these commands in sbin, which a plain user's PATH leaves out. */
function environment(): Record<string, string> {
  return { PATH: `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin` }
}
