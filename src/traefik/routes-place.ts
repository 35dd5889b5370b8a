import { readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

export interface RoutesPlace {
  readonly routesPath: string
  readonly stagingDirectory: string
}

/**
 * Whether a prepared version can be renamed over the live file; both directories must exist (fault 33). A file that is
 * itself mounted cannot be replaced (EBUSY), and no rename crosses a mount (EXDEV), the same disk or not.
 * @returns null, or one sentence with the mend
 */
export async function checkRoutesPlace(place: RoutesPlace): Promise<string | null> {
  const { routesPath, stagingDirectory } = place
  const directory = dirname(routesPath)
  const [live, staging] = [await existing(directory), await existing(stagingDirectory)]
  if (live === null) return `The directory ${directory} of the routes file does not exist; mount it, and let Traefik watch it.`
  if (staging === null) return `The staging directory ${stagingDirectory} does not exist; create it beside ${directory}.`
  if (`${staging}/`.startsWith(`${live}/`)) return `The staging directory ${stagingDirectory} is inside the directory that Traefik watches; put it beside ${directory}.`

  const mounts = await mountPoints()
  if (mounts === null) return sameDevice(live, staging, place)
  const file = join(live, basename(routesPath))
  if (mounts.includes(file)) return `The routes file ${routesPath} is itself a mount and cannot be replaced; mount its directory ${directory} instead.`
  if (mountOf(live, mounts) !== mountOf(staging, mounts)) return otherMount(place)
  return null
}

async function existing(directory: string): Promise<string | null> {
  try {
    return await realpath(directory)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** Mount points of this process, from the kernel; null where it does not tell (not Linux). */
async function mountPoints(): Promise<string[] | null> {
  if (process.platform !== 'linux') return null
  return parseMountPoints(await readFile('/proc/self/mountinfo', 'utf8'))
}

/** The fifth field of each line of a mountinfo file, its octal escapes resolved (proc_pid_mountinfo(5)). */
export function parseMountPoints(mountinfo: string): string[] {
  return mountinfo.split('\n').flatMap((line) => {
    const point = line.split(' ')[4]
    return point === undefined ? [] : [point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))]
  })
}

/** The mount that a path lies on: the longest mount point above it. */
export function mountOf(path: string, mounts: readonly string[]): string {
  const above = mounts.filter((mount) => mount === '/' || path === mount || path.startsWith(`${mount}/`))
  return above.reduce((longest, mount) => (mount.length > longest.length ? mount : longest), '/')
}

async function sameDevice(live: string, staging: string, place: RoutesPlace): Promise<string | null> {
  return (await stat(live)).dev === (await stat(staging)).dev ? null : otherMount(place)
}

function otherMount(place: RoutesPlace): string {
  return `The staging directory ${place.stagingDirectory} is on another mount than ${place.routesPath}, so no version can be renamed into force; put both under one mount.`
}
