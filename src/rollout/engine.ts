import type { Reach } from './context.ts'
import { UpdaterError } from './errors.ts'
import type { Container, Release } from './model.ts'
import { within } from './within.ts'

/** Output lines of a failed container that an error carries. */
const logLines = 50

/** Every container of these services; a look counts as a wait, so it ends with the context's signal and at `limits.engineCall`. */
export function look(context: Reach, services: readonly string[]): Promise<Container[]> {
  return engineCall(context, 'Listing containers', context.signal, (signal) => context.ports.runtime.containers(services, signal))
}

/** One call to the engine whose effect must be finished even when waits are aborted. */
export function act<T>(context: Reach, what: string, body: (signal: AbortSignal) => Promise<T>): Promise<T> {
  context.ports.authority.check()
  return engineCall(context, what, context.effects, body)
}

/** Stops a container for certain: resolves only when its exit was seen by a fresh look. */
export async function stopContainer(context: Reach, container: Container): Promise<void> {
  const { limits } = context.settings
  context.ports.authority.check()
  const limit = { name: 'stop', milliseconds: limits.stop + limits.engineCall }
  await within(context.ports.clock, limit, `Stopping ${container.service}`, context.effects, (signal) =>
    context.ports.runtime.stop(container.id, limits.stop, signal),
  )
}

/** Whether a container runs an image of this release. The images of an adopted release tell no commit. */
export function isOfRelease(container: Container, release: Release): boolean {
  return release.commit.startsWith('adopted-') || container.commit === release.commit
}

/** Like `isOfRelease`, for a release of which not everything runs: what tells no commit is of the one that was found running. */
export function isFrom(container: Container, { commit }: Release): boolean {
  return container.commit === commit || (container.commit === null && commit.startsWith('adopted-'))
}

/** Whether this container could be running now or be started by the engine. */
export function isRunning(container: Container): boolean {
  return container.state === 'running' || container.state === 'restarting' || container.state === 'paused' || container.state === 'removing'
}

/** The container's last lines, for an error's details; what cannot be read is told instead. */
async function lastLines(context: Reach, container: Container): Promise<string[]> {
  try {
    return await engineCall(context, 'Reading logs', context.effects, (signal) => context.ports.runtime.logs(container.id, logLines, signal))
  } catch {
    return ['(its output could not be read)']
  }
}

/** An error about a container, with its last output lines. */
export async function containerError(
  context: Reach, code: 'unhealthy' | 'singleton_failed', container: Container, what: string,
): Promise<UpdaterError> {
  const exit = isRunning(container) || container.exitCode === null ? '' : ` with code ${container.exitCode}`
  return new UpdaterError(code, `${container.service} ${what}${exit}.`, {
    details: { service: container.service, containerId: container.id, logs: await lastLines(context, container) },
  })
}

function engineCall<T>(context: Reach, what: string, signal: AbortSignal, body: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return within(context.ports.clock, { name: 'engineCall', milliseconds: context.settings.limits.engineCall }, what, signal, body)
}
