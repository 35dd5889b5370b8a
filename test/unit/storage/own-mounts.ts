import { spawnSync } from 'node:child_process'

/** Runs a command in a mount namespace of its own, where mounting harms nobody; util-linux, root only. */
const [tool, ...flags] = ['unshare', '--mount'] as const

const possible = spawnSync(tool, [...flags, 'true']).status === 0

/** Whether a test that needs mounts is left out; never where leaving something out is forbidden. */
export const withoutMounts = !possible && process.env['ZETHERION_REQUIRE_ALL'] !== '1'

/** The title with the reason where it is left out. */
export function titleWithMounts(title: string): string {
  return withoutMounts ? `${title} (not run: mounting is not allowed here; run as root on Linux)` : title
}

/**
 * Runs a script of ours after a `mount` command, in which `$ROOT` stands for the directory that the script gets as argument.
 * @returns what it printed, parsed
 * @throws Error with what it said on stderr
 */
export function runUnderMount(mount: string, script: string, root: string): unknown {
  const command = `${mount} && exec "$NODE" --import tsx "$SCRIPT" "$ROOT"`
  const env = { PATH: process.env['PATH'], NODE: process.execPath, SCRIPT: script, ROOT: root }
  const child = spawnSync(tool, [...flags, 'sh', '-c', command], { env, encoding: 'utf8', timeout: 20_000 })
  if (child.status !== 0) throw new Error(`${child.error?.message ?? ''}${child.stderr}`)
  return JSON.parse(child.stdout)
}
