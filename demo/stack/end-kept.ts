import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { identifyProcess, sendSignal, type ProcessIdentity } from '../../src/sandbox/process-identity.ts'
import { dockerCommand, managedImages, usersEngine } from './docker-engine.ts'
import { readKept } from './kept.ts'
import { removeContainers, runtimeBelow } from './sandbox-containers.ts'

/** Above the updater's own limit for leaving, ms. */
const leavingLimit = 90_000

/**
 * Ends what a demo left running below a directory, and removes it.
 * @throws Error when nothing was left there
 */
export async function endKept(root: string): Promise<void> {
  const { kind, processes } = await readKept(root)
  const [updater, ...others] = processes
  if (updater !== undefined) await endProcess(updater)
  if (kind === 'sandbox') await removeContainers(runtimeBelow(root, {}))
  else await composeDown(join(root, 'project'))
  for (const process of others) await endProcess(process)
  await rm(root, { recursive: true, force: true })
}

async function endProcess(identity: ProcessIdentity): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!(await lives(identity))) return
    sendSignal(identity.pid, signal)
    for (const deadline = Date.now() + leavingLimit; Date.now() < deadline && await lives(identity);) await wait(50)
  }
}

/** Whether it is this very process, and not a later one with its pid. */
async function lives({ pid, startTime }: ProcessIdentity): Promise<boolean> {
  return (await identifyProcess(pid))?.startTime === startTime
}

async function composeDown(project: string): Promise<void> {
  const docker = dockerCommand(usersEngine(process.env))
  await docker(['compose', 'down', '--volumes', '--remove-orphans', '--timeout', '2'], { cwd: project })
  const images = await managedImages(docker)
  if (images.length > 0) await docker(['image', 'rm', '--force', ...images])
}
