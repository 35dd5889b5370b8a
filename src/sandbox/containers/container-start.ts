import { spawn } from 'node:child_process'
import { mkdir, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UpdaterError } from '../../rollout/errors.ts'
import type { Clock } from '../../rollout/ports.ts'
import { type HostTable, localize } from '../host-table.ts'
import { findProcesses, identifyProcess, isAlive, nonceVariable } from '../process-identity.ts'
import { replaceJson } from '../whole-file.ts'
import type { ContainerDescription } from './container-description.ts'
import { type ContainerPaths, type Launch, containerPaths, readRun } from './container-files.ts'
import { findFreePorts, isFree } from './free-ports.ts'

const pollEvery = 10
/** Within this a supervisor has told that the service runs, ms. */
const startLimit = 15_000

/** What a start needs besides the container. */
export interface StartSurroundings {
  readonly hosts: HostTable
  /** The supervisor program, a file that Node can run. */
  readonly supervisor: string
  /** Ports that other containers own. */
  readonly taken: ReadonlySet<number>
  readonly clock: Clock
}

/** Writes down a container that is about to exist. */
export async function createContainer(description: ContainerDescription, paths: ContainerPaths): Promise<void> {
  await mkdir(dirname(paths.directory), { recursive: true, mode: 0o700 })
  await mkdir(paths.directory, { mode: 0o700 })
  await replaceJson(paths.description, description)
}

/**
 * Starts the supervisor of a container that does not run, and waits until the service's process is there. What it is
 * started with is written down before. @throws engine_failed
 */
export async function startContainer(described: ContainerDescription, directory: string, surroundings: StartSurroundings, signal: AbortSignal): Promise<void> {
  const paths = containerPaths(directory)
  await untilEarlierSupervisorLeft(paths, described.id, surroundings.clock, signal)
  const description = await withFreePorts(described, surroundings.taken)
  if (description !== described) await replaceJson(paths.description, description)
  await replaceJson(paths.launch, launchOf(description, surroundings.hosts))
  await rm(paths.stop, { force: true })
  const pid = await spawnSupervisor(paths, description.id, surroundings.supervisor)
  await untilStarted(paths, pid, description, surroundings.clock, signal)
}

/** One whose service has ended is about to leave; a later one would take it for a rival. */
async function untilEarlierSupervisorLeft(paths: ContainerPaths, id: string, clock: Clock, signal: AbortSignal): Promise<void> {
  const deadline = clock.monotonic() + startLimit
  for (;;) {
    const run = await readRun(paths)
    if (run === null || !(await isAlive(run.supervisor, id))) return
    if (clock.monotonic() >= deadline) throw new UpdaterError('engine_failed', `The earlier supervisor of container ${id.slice(0, 12)} does not leave.`)
    await clock.sleep(pollEvery, signal)
  }
}

/** A port that somebody else took while the container was down is replaced, as an engine gives out new addresses. */
async function withFreePorts(description: ContainerDescription, taken: ReadonlySet<number>): Promise<ContainerDescription> {
  const free = await Promise.all(description.ports.map(({ port }) => isFree(port)))
  // Its own service may be what listens there: another daemon has just started it.
  if (free.every(Boolean) || (await findProcesses((nonce) => nonce === description.id)).length > 0) return description
  const found = await findFreePorts(description.ports.length, taken)
  return { ...description, ports: description.ports.map((binding, index) => ({ ...binding, port: found[index] ?? binding.port })) }
}

function launchOf(description: ContainerDescription, hosts: HostTable): Launch {
  const environment = Object.entries(description.environment).map(([name, value]) => [name, localize(value, hosts)])
  const ports = description.ports.map(({ variable, port }) => [variable, String(port)])
  return {
    nonce: description.id,
    argv: description.argv,
    cwd: description.cwd,
    environment: { ...Object.fromEntries(environment), ...Object.fromEntries(ports) },
    restart: description.restart,
  }
}

async function spawnSupervisor(paths: ContainerPaths, id: string, supervisor: string): Promise<number> {
  const log = await open(paths.supervisorLog, 'a', 0o600)
  try {
    const child = spawn(process.execPath, [supervisor, paths.directory], {
      // Not in the image's directory: that one may go while a supervisor is still leaving.
      cwd: paths.directory,
      detached: true,
      env: { PATH: process.env['PATH'] ?? '', [nonceVariable]: id },
      stdio: ['ignore', log.fd, log.fd],
    })
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
    child.unref()
    if (child.pid === undefined) throw new Error('the supervisor has no process id')
    return child.pid
  } finally {
    await log.close()
  }
}

async function untilStarted(paths: ContainerPaths, pid: number, { id, service }: ContainerDescription, clock: Clock, signal: AbortSignal): Promise<void> {
  const deadline = clock.monotonic() + startLimit
  while (clock.monotonic() < deadline) {
    const lives = (await identifyProcess(pid)) !== null
    const run = await readRun(paths)
    if (run !== null && run.state !== 'starting') {
      if (run.supervisor.pid === pid) return
      // Ours left for one that another daemon had started before it: so the container runs.
      if (!lives && (await isAlive(run.supervisor, id))) return
    }
    if (!lives && (await findProcesses((nonce) => nonce === id)).length === 0) break
    await clock.sleep(pollEvery, signal)
  }
  throw new UpdaterError('engine_failed', `The sandbox did not start ${service}, waited for at most ${startLimit / 1_000} s; see ${paths.supervisorLog}.`)
}
