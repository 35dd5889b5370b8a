import type { Container, Release } from '../../../src/rollout/model.ts'
import type { ContainerRuntime } from '../../../src/rollout/ports.ts'
import { services } from './releases.ts'
import type { ReleaseKind } from './releases.ts'

/** A runtime with the contract's releases laid out for it (`releases/<commit>/`, archives), and nothing running. */
export interface ContainerRuntimeWorld {
  readonly runtime: ContainerRuntime
  /** Release of this kind; its files are those of `filesOf(kind)`. */
  readonly release: (kind: ReleaseKind) => Release
  /** An HTTP question to a container at the address that the runtime told of it. */
  readonly ask: (container: Container, path: string) => Promise<Answer>
  /** The runtime while an image of this release cannot be removed, for a reason that has nothing to do with containers. */
  readonly whereStuck: (release: Release, service: string) => Promise<StuckImage>
  /** Gives the image of this release one more name, behind the runtime's back. */
  readonly nameByHand: (release: Release, service: string, tag: string) => Promise<NameByHand>
  /** Removes every container of the contract's services as it is, where ending one properly takes the time of its grace. */
  readonly removeAll?: () => Promise<void>
  close(): Promise<void>
}

export interface StuckImage {
  readonly runtime: ContainerRuntime
  /** The image can be removed again. */
  mend(): Promise<void>
}

export interface NameByHand {
  /** With its tag. */
  readonly name: string
  /** Whether the name is still there, and leads to an image. */
  isThere(): Promise<boolean>
  remove(): Promise<void>
}

/** What a container answers. */
export interface Answer {
  readonly status: number
  readonly text: string
}

/** `ask` of a world whose containers are real. */
export async function askOverHttp({ address, ports }: Container, path: string): Promise<Answer> {
  const answer = await fetch(`http://${address}:${ports[8080] ?? 8080}${path}`, { signal: limit(5_000) })
  return { status: answer.status, text: await answer.text() }
}

export const everyService: readonly string[] = [services.blue, services.green, services.bot]

/** Limit of everything that a test waits for, ms. */
export const testLimit = 60_000

export function limit(milliseconds = testLimit): AbortSignal {
  return AbortSignal.timeout(milliseconds)
}

/** Builds, tags and starts services of a release, as a rollout would. */
export async function bringUp(runtime: ContainerRuntime, release: Release, names: readonly string[]): Promise<Container[]> {
  await runtime.build(release, names, () => undefined, limit())
  await runtime.tag(release, names, limit())
  return await runtime.up(release, names, limit())
}

/** Waits until every line is in the container's output, and tells all of it. */
export async function waitForLines(runtime: ContainerRuntime, id: string, wanted: readonly string[]): Promise<string[]> {
  return await until(async () => {
    const lines = await runtime.logs(id, 500, limit())
    return wanted.every((line) => lines.includes(line)) ? lines : undefined
  }, `output ${JSON.stringify(wanted)} of ${id}`)
}

/** Waits until the container with this id looks as wanted. */
export async function waitForContainer(
  runtime: ContainerRuntime, id: string, what: string, wanted: (container: Container) => boolean,
): Promise<Container> {
  return await until(async () => {
    const found = (await runtime.containers(everyService, limit())).find((container) => container.id === id)
    return found !== undefined && wanted(found) ? found : undefined
  }, `${id} to be ${what}`)
}

/** Ends and removes every container of the contract's services. */
export async function clear({ runtime, removeAll }: Pick<ContainerRuntimeWorld, 'runtime' | 'removeAll'>): Promise<void> {
  if (removeAll !== undefined) {
    await removeAll()
    return
  }
  const containers = await runtime.containers(everyService, limit())
  await Promise.all(
    containers.map(async ({ id }) => {
      await runtime.stop(id, 100, limit())
      await runtime.remove(id, limit())
    }),
  )
}

async function until<T>(look: () => Promise<T | undefined>, what: string): Promise<T> {
  const end = limit(20_000)
  for (;;) {
    const seen = await look()
    if (seen !== undefined) return seen
    if (end.aborted) throw new Error(`waited 20 s in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}
