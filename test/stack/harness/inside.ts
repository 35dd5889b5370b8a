import { execFile } from 'node:child_process'
import { chmod, copyFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { seenContainers, seenHealth } from '../../docker/kill/engine-look.ts'
import { untilNothingIsWrong } from '../../sandbox/daemon/waiting.ts'
import type { WholeStack } from './whole-stack.ts'

const run = promisify(execFile)
const sources = fileURLToPath(new URL('../probe/', import.meta.url))

/** Builds the probe (test/stack/probe) as one static program for every image. @returns its path on this machine */
export async function buildProbe(): Promise<string> {
  const target = join(tmpdir(), `zeth-probe-${process.pid}`)
  await run('go', ['build', '-trimpath', '-ldflags', '-s -w', '-o', target, '.'], { cwd: sources, env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' }, timeout: 300_000 })
  return target
}

/** Services that run, sorted. */
export async function runningServices({ engine }: WholeStack): Promise<string[]> {
  return (await seenContainers(engine.socketPath)).filter(({ state }) => state === 'running').map(({ service }) => service).sort()
}

/** Waits until the engine calls each of these containers so. @throws Error with what it calls them */
export async function untilHealth({ engine }: WholeStack, containers: readonly string[], wanted: 'healthy' | 'unhealthy', limit?: number): Promise<void> {
  await untilNothingIsWrong(async () => {
    const health = await seenHealth(engine.socketPath)
    return containers.filter((container) => health.get(container) !== wanted).map((container) => `${container} is ${health.get(container) ?? 'not running, or without a check'} instead of ${wanted}`)
  }, limit)
}

/** Where the probe lies in each container, as root's and with the set-user-id bit. */
const placed = '/.probe'

/**
 * Lays the probe into a running container from beneath: into the layer that overlayfs shows as the container's root. A
 * read-only root is in nobody's way there, and nothing of the container's own settings changes.
 */
export async function placeProbe(stack: WholeStack, probe: string, container: string): Promise<void> {
  const upper = await stack.docker('inspect', '--format', '{{.GraphDriver.Data.UpperDir}}', container)
  await copyFile(probe, join(upper, placed))
  await chmod(join(upper, placed), 0o4755)
}

export interface Probed {
  /** 137 for one that was killed. */
  readonly code: number
  /** Each line, parsed. */
  readonly told: readonly unknown[]
}

/** Runs the probe in a container, as the user of its service, within its limits. */
export async function probe(stack: WholeStack, container: string, args: readonly string[], options: readonly string[] = []): Promise<Probed> {
  const { code, output } = await inside(stack, container, [placed, ...args], options)
  return { code, told: output.split('\n').filter((line) => line.startsWith('{') || /^\d+$/.test(line)).map((line): unknown => JSON.parse(line)) }
}

/** The one answer of the probe as a table of words. @throws Error when it ended otherwise */
export async function probed(stack: WholeStack, container: string, args: readonly string[], options: readonly string[] = []): Promise<Record<string, string>> {
  const { code, told: [first] } = await probe(stack, container, args, options)
  if (code !== 0 || typeof first !== 'object' || first === null) throw new Error(`the probe ${args.join(' ')} ended in ${container} with ${code}`)
  return Object.fromEntries(Object.entries(first).map(([key, value]) => [key, String(value)]))
}

/** Runs any command in a container; its exit code, and what it printed on both streams. */
export async function inside({ engine }: WholeStack, container: string, command: readonly string[], options: readonly string[] = []): Promise<{ code: number; output: string }> {
  return run('docker', ['exec', ...options, container, ...command], { env: engine.env, timeout: 120_000, maxBuffer: 16 * 1024 ** 2 }).then(
    ({ stdout, stderr }) => ({ code: 0, output: `${stdout}${stderr}`.trimEnd() }),
    (error: unknown) => ended(error),
  )
}

function ended(error: unknown): { code: number; output: string } {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'number') throw error
  const said = ['stdout', 'stderr'].map((stream) => String(Reflect.get(error, stream) ?? ''))
  return { code: error.code, output: said.join('').trimEnd() }
}
