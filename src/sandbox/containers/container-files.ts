import { join } from 'node:path'
import type { ProcessIdentity } from '../process-identity.ts'
import { readList, readMapping, readNumber, readText, readTextMap, readTexts } from '../shape.ts'
import { readJson } from '../whole-file.ts'

/** What the supervisor runs and how; written before it is started. */
export interface Launch {
  /** The container's id, carried by each of its processes. */
  readonly nonce: string
  readonly argv: readonly string[]
  readonly cwd: string
  readonly environment: Readonly<Record<string, string>>
  /** Whether a service that ended is started again. */
  readonly restart: 'never' | 'always' | 'on-failure'
}

/** What the supervisor tells about the service's process; replaced as a whole. */
export interface Run {
  readonly supervisor: ProcessIdentity
  /** Null before its start, and when it was gone before it could be looked at. */
  readonly child: ProcessIdentity | null
  readonly state: 'starting' | 'running' | 'restarting' | 'exited'
  readonly restarts: number
  /** ISO 8601 UTC; null if it never started. */
  readonly startedAt: string | null
  /** Of the last exit; 128 + signal number after a signal, 127 for a command that does not exist. */
  readonly exitCode: number | null
}

/** That a container shall stop and stay so; while it is there nobody restarts the service. */
export interface StopRequest {
  readonly graceMs: number
}

/** Files of one container. */
export interface ContainerPaths {
  readonly directory: string
  readonly description: string
  readonly launch: string
  readonly run: string
  readonly stop: string
  readonly log: string
  readonly supervisorLog: string
}

export function containerPaths(directory: string): ContainerPaths {
  return {
    directory,
    description: join(directory, 'container.json'),
    launch: join(directory, 'launch.json'),
    run: join(directory, 'run.json'),
    stop: join(directory, 'stop.json'),
    log: join(directory, 'output.log'),
    supervisorLog: join(directory, 'supervisor.log'),
  }
}

/** @throws Error when it is missing or malformed */
export async function readLaunch(paths: ContainerPaths): Promise<Launch> {
  const launch = readMapping(await readJson(paths.launch), paths.launch)
  const restart = readText(launch['restart'], 'restart')
  if (restart !== 'never' && restart !== 'always' && restart !== 'on-failure') throw new Error(`restart is "${restart}"`)
  return {
    nonce: readText(launch['nonce'], 'nonce'),
    argv: readTexts(launch['argv'], 'argv'),
    cwd: readText(launch['cwd'], 'cwd'),
    environment: readTextMap(launch['environment'], 'environment'),
    restart,
  }
}

/** Null when no supervisor has run yet. @throws Error when it is malformed */
export async function readRun(paths: ContainerPaths): Promise<Run | null> {
  const json = await readJson(paths.run)
  if (json === null) return null
  const run = readMapping(json, paths.run)
  const state = readText(run['state'], 'state')
  if (state !== 'starting' && state !== 'running' && state !== 'restarting' && state !== 'exited') throw new Error(`state is "${state}"`)
  return {
    supervisor: readIdentity(run['supervisor']),
    child: run['child'] === null ? null : readIdentity(run['child']),
    state,
    restarts: readNumber(run['restarts'], 'restarts'),
    startedAt: run['startedAt'] === null ? null : readText(run['startedAt'], 'startedAt'),
    exitCode: run['exitCode'] === null ? null : readNumber(run['exitCode'], 'exitCode'),
  }
}

/** Null when nobody asked for a stop. */
export async function readStopRequest(paths: ContainerPaths): Promise<StopRequest | null> {
  const json = await readJson(paths.stop)
  return json === null ? null : { graceMs: readNumber(readMapping(json, paths.stop)['graceMs'], 'graceMs') }
}

/** Container port → local port and the variable that tells it to the service. */
export interface PortBinding {
  readonly containerPort: number
  readonly variable: string
  readonly port: number
}

/** @throws Error naming the place */
export function readPortBindings(value: unknown, where: string): PortBinding[] {
  return readList(value, where).map((entry) => {
    const binding = readMapping(entry, where)
    return {
      containerPort: readNumber(binding['containerPort'], `${where}: containerPort`),
      variable: readText(binding['variable'], `${where}: variable`),
      port: readNumber(binding['port'], `${where}: port`),
    }
  })
}

function readIdentity(value: unknown): ProcessIdentity {
  const identity = readMapping(value, 'a process')
  return { pid: readNumber(identity['pid'], 'pid'), startTime: readText(identity['startTime'], 'startTime') }
}
