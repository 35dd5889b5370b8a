import { join } from 'node:path'
import type { ContainerRuntime } from '../../src/rollout/ports.ts'
import type { HostTable } from '../../src/sandbox/host-table.ts'
import { createSandboxRuntime } from '../../src/sandbox/runtime.ts'
import { createSystemClock } from '../../src/storage/system-clock.ts'
import { repository } from './project.ts'

const allServices = ['skills-blue', 'skills-green', 'api-blue', 'api-green', 'bot'].map((name) => `zetherion-ai-${name}`)

/** The hands of an operator in a sandbox stack: the same runtime that its updater has. */
export function runtimeBelow(root: string, hosts: HostTable): ContainerRuntime {
  const project = join(root, 'project')
  return createSandboxRuntime({
    directory: join(root, 'sandbox'),
    releasesDirectory: join(project, 'state/releases'),
    projectDirectory: project,
    composeFiles: ['docker-compose.yml'],
    supervisor: join(repository, 'dist/sandbox-supervisor.cjs'),
    hosts,
    log: { info: () => undefined, warn: console.warn, error: console.error },
    clock: createSystemClock(),
  })
}

/** Ends every process of the stack's services. */
export async function removeContainers(runtime: ContainerRuntime): Promise<void> {
  const signal = AbortSignal.timeout(30_000)
  const containers = await runtime.containers(allServices, signal)
  await Promise.all(containers.map(async ({ id }) => {
    await runtime.stop(id, 2_000, signal)
    await runtime.remove(id, signal)
  }))
}
