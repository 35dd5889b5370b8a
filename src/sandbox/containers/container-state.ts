import type { Container } from '../../rollout/model.ts'
import { findProcesses, isAlive, type ProcessIdentity } from '../process-identity.ts'
import type { ContainerDescription } from './container-description.ts'
import { type ContainerPaths, type Run, readRun } from './container-files.ts'
import { checkHealth } from './health-check.ts'

/** A container as it stands: what is written down held against the processes that live. */
export interface ContainerState {
  readonly state: 'created' | 'running' | 'restarting' | 'exited'
  readonly run: Run | null
  /** Its supervisor; null when it has none (any more). */
  readonly supervisor: ProcessIdentity | null
}

/**
 * What a container does now. A service whose supervisor was killed is still running: it is found by its nonce. Its
 * exit code stays unknown then.
 */
export async function lookAt(paths: ContainerPaths, id: string): Promise<ContainerState> {
  const run = await readRun(paths)
  if (run === null) return { state: (await hasProcess(id)) ? 'running' : 'created', run, supervisor: null }
  const supervisor = (await isAlive(run.supervisor, id)) ? run.supervisor : null
  if (run.state === 'exited') {
    // Its supervisor may be leaving still; any other process of it is one that a later start has just begun.
    const others = supervisor === null && (await hasProcess(id))
    return { state: others ? 'running' : 'exited', run, supervisor }
  }
  if (supervisor === null) return { state: (await livesWithoutSupervisor(run, id)) ? 'running' : 'exited', run, supervisor }
  // The service has ended (a zombie counts as that), and its supervisor has yet to say what follows.
  const ended = run.state === 'restarting' || (run.child !== null && !(await isAlive(run.child, id)))
  return { state: ended ? 'restarting' : 'running', run, supervisor }
}

/** The same in the core's words, with the answer of its health check. */
export async function toContainer(description: ContainerDescription, { state, run }: ContainerState, now: number): Promise<Container> {
  const up = state === 'running' || state === 'restarting'
  return {
    id: description.id,
    service: description.service,
    state,
    health: state === 'running' ? await checkHealth(description, run?.startedAt ?? null, now) : description.health === null ? 'none' : 'unhealthy',
    imageId: description.imageId,
    commit: description.commit,
    address: up ? '127.0.0.1' : null,
    ports: up ? Object.fromEntries(description.ports.map(({ containerPort, port }) => [containerPort, port])) : {},
    restarts: run?.restarts ?? 0,
    // Without a supervisor's last word the code of a dead process is not known.
    exitCode: state === 'exited' && run?.state === 'exited' ? run.exitCode : null,
    startedAt: run?.startedAt ?? null,
  }
}

async function livesWithoutSupervisor(run: Run, id: string): Promise<boolean> {
  return (run.child !== null && (await isAlive(run.child, id))) || hasProcess(id)
}

async function hasProcess(id: string): Promise<boolean> {
  return (await findProcesses((nonce) => nonce === id)).length > 0
}
