import { readFile } from 'node:fs/promises'
import type { Mounted } from '../diagnosis/installation.ts'
import { inspectContainer } from './containers/list.ts'
import type { Engine } from './engine.ts'

/** How a path of this process reaches the host. @throws engine_unreachable, engine_failed */
export async function findMounted(engine: Engine, path: string, signal: AbortSignal): Promise<Mounted> {
  const around = await mountsAround(engine, signal)
  if (around === 'no container') return { kind: 'host' }
  return around === 'unknown' ? { kind: 'unknown' } : mountedBy(around, path)
}

/** Directories that look the same here and on the host; null when no container is around this process, or none that the engine knows. */
export async function findShared(engine: Engine, signal: AbortSignal): Promise<string[] | null> {
  const around = await mountsAround(engine, signal)
  return typeof around === 'string' ? null : sharedBy(around)
}

/**
 * Paths of this process that lie on the disk of the engine, or on each of its disks: the root, whose uppermost layer is kept where
 * images are, and a file that the engine keeps where it has all the rest. None unless the engine knows the container around us.
 * @throws engine_unreachable, engine_failed
 */
export async function findOnEngineDisk(engine: Engine, signal: AbortSignal): Promise<string[]> {
  return typeof (await mountsAround(engine, signal)) === 'string' ? [] : ['/', '/etc/hostname']
}

/** Those under the path that they have on the host. */
export function sharedBy(mounts: readonly Mount[]): string[] {
  return mounts.filter(({ Source, Destination }) => onHost(Source) === Destination).map(({ Destination }) => Destination)
}

/** A mount as the engine tells it; `Destination` is the path inside. */
export interface Mount {
  readonly Source: string
  readonly Destination: string
  readonly RW: boolean
}

/** By the innermost mount above the path. */
export function mountedBy(mounts: readonly Mount[], path: string): Mounted {
  const above = mounts.filter(({ Destination }) => path === Destination || path.startsWith(`${Destination.replace(/\/$/, '')}/`))
  const [innermost] = above.toSorted((a, b) => b.Destination.length - a.Destination.length)
  if (innermost === undefined) return { kind: 'not_mounted' }
  return { kind: 'mounted', hostPath: `${onHost(innermost.Source)}${path.slice(innermost.Destination.replace(/\/$/, '').length)}`, writable: innermost.RW }
}

/** Docker Desktop's engine runs in a machine of its own and may tell where that one has the host's files. */
function onHost(source: string): string {
  return source.replace(/\/$/, '').replace(/^\/(?:host_mnt|run\/desktop\/mnt\/host)(?=\/)/, '')
}

/** Unknown: a container that this engine has not. */
async function mountsAround(engine: Engine, signal: AbortSignal): Promise<readonly Mount[] | 'unknown' | 'no container'> {
  const mountinfo = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '') // not Linux: nothing is around
  const id = containerIn(mountinfo)
  if (id === null) return await readFile('/.dockerenv').then(() => 'unknown' as const, () => 'no container' as const)
  const found = await inspectContainer(engine, id, signal)
  return found === null ? 'unknown' : found.Mounts
}

/** The engine mounts three files of its own into each container, from a directory that is named by the container's id. */
export function containerIn(mountinfo: string): string | null {
  return /\/containers\/([0-9a-f]{64})\/(?:hostname|hosts|resolv\.conf) \/etc\/(?:hostname|hosts|resolv\.conf) /.exec(mountinfo)?.[1] ?? null
}
