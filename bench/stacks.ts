import { startDockerStack, type DockerStack } from '../demo/stack/docker-stack.ts'
import { startSandboxStack } from '../demo/stack/sandbox-stack.ts'
import type { Stack } from '../demo/stack/stack.ts'
import { engineAvailable, missing } from '../test/engine/availability.ts'
import { startEngine, type Engine } from '../test/engine/engine.ts'

/** The release that every stack starts with. */
export const firstRelease = 'v1.0.0'

/** A stack on an engine of its own. */
export interface OwnDockerStack {
  readonly stack: DockerStack
  readonly engine: Engine
  close(): Promise<void>
}

/** Why there can be no Docker stack on this machine; undefined: there can. */
export function dockerMissing(): string | undefined {
  return missing(engineAvailable(), ['docker', 'traefik', 'compose'])
}

export async function ownDockerStack(): Promise<OwnDockerStack> {
  const engine = await startEngine()
  try {
    const stack = await startDockerStack({ engine, first: firstRelease })
    return {
      stack,
      engine,
      close: async () => {
        await stack.close()
        await engine.stop()
      },
    }
  } catch (error) {
    await engine.stop()
    throw error
  }
}

/** The runtimes that can be tried here, each with a stack that runs its first release; the updater is not started. */
export async function withStacks<T>(say: (progress: string) => void, body: (stacks: readonly Stack[]) => Promise<T>): Promise<T> {
  const sandbox = await startSandboxStack({ first: firstRelease })
  const why = dockerMissing()
  if (why !== undefined) say(`without the Docker runtime: ${why}`)
  try {
    const docker = why === undefined ? await ownDockerStack() : null
    try {
      return await body(docker === null ? [sandbox] : [sandbox, docker.stack])
    } finally {
      await docker?.close()
    }
  } finally {
    await sandbox.close()
  }
}
