import { UpdaterError } from '../../rollout/errors.ts'
import type { Container, Release } from '../../rollout/model.ts'
import type { Compose } from '../compose/compose.ts'
import type { ReleaseModel } from '../compose/models.ts'
import type { Engine } from '../engine.ts'
import { requirePinnedImages } from '../images/tags.ts'
import { containerLogs } from './logs.ts'
import { nameHolder } from './name-holder.ts'

const linesKept = 50

/**
 * Compose creates and starts the services; a missing image would be pulled in spite of `--no-build`, so it is looked for first.
 * @throws image_missing; compose_failed with Compose's last words, or whose container has the name (fault 24), and the output of what was started
 */
export async function composeUp(
  engine: Engine, compose: Compose, project: string, { files, model }: ReleaseModel, release: Release, services: readonly string[],
  list: (signal: AbortSignal) => Promise<Container[]>, signal: AbortSignal,
): Promise<Container[]> {
  await requirePinnedImages(engine, model, release, services, signal)
  try {
    await compose.up(files, services, signal)
  } catch (error) {
    if (!(error instanceof UpdaterError) || error.code !== 'compose_failed') throw error
    const { stderr } = error.details
    const holder = await nameHolder(engine, project, Array.isArray(stderr) ? stderr.map(String) : [], signal)
    const message = holder === null ? error.message : `Compose could not start ${services.join(', ')}: ${holder}`
    throw new UpdaterError('compose_failed', message, { cause: error, details: { ...error.details, logs: await lastWords(engine, list, signal) } })
  }
  return await list(signal)
}

/** Output by service; empty where the engine cannot tell: the first error is the one that counts. */
async function lastWords(engine: Engine, list: (signal: AbortSignal) => Promise<Container[]>, signal: AbortSignal): Promise<Record<string, string[]>> {
  try {
    const containers = await list(signal)
    const logs = await Promise.all(containers.map(async ({ id, service }) => [service, await containerLogs(engine, id, linesKept, signal)] as const))
    return Object.fromEntries(logs)
  } catch (error) {
    return { engine: [String(error)] }
  }
}
